/** Makes .npy files for tests. */

/** The header's text. */
export function npyHeader(descr: string, shape: string, fortranOrder = 'False'): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortranOrder}, 'shape': ${shape}, }`
}

/** A file of any header and version. */
export function npyFile(header: string, data: ArrayBufferView, version = 1): Uint8Array {
  const padded = `${header.padEnd(117)}\n`
  const head = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), version, 0, padded.length, 0)
  const file = new Uint8Array(head.length + padded.length + data.byteLength)
  file.set(head)
  file.set(new TextEncoder().encode(padded), head.length)
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), head.length + padded.length)
  return file
}

/** A file of version 1.0 in C order. */
export function npyBytes(descr: string, shape: string, data: ArrayBufferView): Uint8Array {
  return npyFile(npyHeader(descr, shape), data)
}
