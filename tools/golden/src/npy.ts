/** Reads numpy's .npy files, as far as golden sets use them. */
import { EscError } from '@esc/core'

/** An array of numbers with its shape, row-major. */
export interface NpyArray {
  shape: readonly number[]
  data: Float32Array | Float64Array | Int32Array
}

const TYPES = { '<f4': Float32Array, '<f8': Float64Array, '<i4': Int32Array }

/**
 * Reads a .npy file of version 1.0: little-endian float32, float64 or int32 in C order.
 *
 * @throws EscError CORRUPT_DATA if the file is damaged or cut short; UNSUPPORTED_FORMAT for other versions and types.
 * @see numpy.lib.format, version 1.0.
 * @example const { shape, data } = readNpy(await readFile('case.npy'))
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const text = new TextDecoder('latin1')
  if (text.decode(bytes.subarray(0, 6)) !== '\x93NUMPY' || bytes.length < 10) {
    throw new EscError('CORRUPT_DATA', 'not a .npy file: its magic number is missing')
  }
  if (bytes[6] !== 1) throw new EscError('UNSUPPORTED_FORMAT', `.npy version ${bytes[6]} must be 1`)
  const start = 10 + bytes[8]! + 256 * bytes[9]!
  const header = text.decode(bytes.subarray(10, start))
  const type = /'descr': '([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order': (True|False)/.exec(header)?.[1]
  const dims = /'shape': \(([\d, ]*)\)/.exec(header)?.[1]
  if (type === undefined || order === undefined || dims === undefined) {
    throw new EscError('CORRUPT_DATA', `.npy header '${header.trim()}' cannot be read`)
  }
  if (!Object.hasOwn(TYPES, type) || order !== 'False') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `.npy header '${header.trim()}' must be <f4, <f8 or <i4 in C order`,
    )
  }
  const shape = dims.split(',').flatMap((dim) => (dim.trim() === '' ? [] : [Number(dim)]))
  const count = shape.reduce((product, dim) => product * dim, 1)
  const Type = TYPES[type as keyof typeof TYPES]
  if (bytes.length !== start + count * Type.BYTES_PER_ELEMENT) {
    throw new EscError('CORRUPT_DATA', `.npy file has ${bytes.length - start} bytes for ${count} values`)
  }
  // Copied, since values must start at a multiple of their size; a Buffer's own `slice` would not copy.
  return { shape, data: new Type(new Uint8Array(bytes.subarray(start)).buffer) }
}
