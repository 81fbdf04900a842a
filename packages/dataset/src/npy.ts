/** Reads and writes arrays as NumPy's `.npy` files, for users of Python. */
import { assertBytes, assertKnown, EscError, shown, wrongValue } from '@esc/core'

/** The types of arrays that a `.npy` file can hold. */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array

/** An array of any number of axes. */
export interface NpyArray {
  /** In C order, whatever order the file has: the last axis varies fastest. */
  data: NpyData
  /** Length of each axis; none for a single number. */
  shape: number[]
}

/** Options of {@link encodeNpy}. */
export interface EncodeNpyOptions {
  /** Stores the first axis fastest, as MATLAB and Fortran do. @defaultValue `false` */
  fortranOrder?: boolean
}

interface Header {
  littleEndian: boolean
  dtype: string
  fortranOrder: boolean
  shape: number[]
}

const types = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
} as const

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** The data begin at a multiple of this number of bytes, so that a mapped file is aligned for any processor. */
const alignment = 64
/** The digits that NumPy reserves for the length of the axis that grows when a program appends to the file. */
const growthDigits = 21
/** NumPy has no more axes. */
const maxAxes = 32
const maxHeaderBytes = 65535

/**
 * Writes an array as a `.npy` file of version 1.0, little-endian. In C order it has the same bytes as `numpy.save` (NumPy 1.23 and
 * later) writes.
 *
 * @param data - In C order: the last axis varies fastest.
 * @param shape - Length of each axis; the product is `data.length`.
 * @throws EscError INVALID_INPUT if `data` is no typed array that NumPy has, or does not fill the shape; INVALID_OPTION if
 *   the name of an option is unknown.
 * @see numpy.lib.format, NumPy 1.24.
 * @example await writeFile('dog_mfcc.npy', encodeNpy(logMel.data, [logMel.bins, logMel.frames]))
 */
export function encodeNpy(
  data: NpyData,
  shape: readonly number[],
  options: EncodeNpyOptions = {},
): Uint8Array {
  assertKnown('encodeNpy', options, { fortranOrder: true })
  const { fortranOrder = false } = options
  const dtype = Object.entries(types).find(([, type]) => data instanceof type)?.[0]
  if (dtype === undefined) {
    throw new EscError(
      'INVALID_INPUT',
      `data must be a typed array that NumPy has; found ${Object.prototype.toString.call(data)}`,
    )
  }
  if (!Array.isArray(shape)) throw wrongValue('shape', shape, 'a list of the lengths of its axes')
  if (shape.length > maxAxes || !shape.every(isLength) || product(shape) !== data.length) {
    throw new EscError(
      'INVALID_INPUT',
      `shape=[${shape.map(shown).join(', ')}] must have at most ${maxAxes} axes and hold the ${data.length} elements of data`,
    )
  }
  const header = headerText(dtype, fortranOrder, shape)
  const bytes = new Uint8Array(magic.length + 4 + header.length + data.byteLength)
  bytes.set(magic)
  bytes.set([1, 0, header.length & 255, header.length >> 8], magic.length)
  for (let i = 0; i < header.length; i++) bytes[magic.length + 4 + i] = header.charCodeAt(i)
  const stored = fortranOrder ? reorder(data, [...shape].reverse()) : data
  const body = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
  bytes.set(body, bytes.length - body.length)
  return bytes
}

/**
 * Reads a `.npy` file of version 1, 2 or 3: numbers of any width in {@link NpyData}, of either byte order, in C or
 * Fortran order. The bytes may be hostile: the header is matched, never evaluated.
 *
 * @param bytes - The whole file.
 * @returns New storage, in C order and the machine's byte order.
 * @throws EscError UNSUPPORTED_FORMAT if it is no `.npy` file or its elements are not plain numbers (objects are
 *   Python pickles, which can run code); CORRUPT_DATA if the header is malformed or the data are not as long as it
 *   says.
 * @see numpy.lib.format, NumPy 1.24.
 * @example
 * const { data, shape } = decodeNpy(await readFile('dog_mfcc.npy')) // Float32Array, [13, 431]
 */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  assertBytes('bytes', bytes)
  const { text, dataStart } = readHeader(bytes)
  const { littleEndian, dtype, fortranOrder, shape } = parseHeader(text)
  if (!(dtype in types)) throw unsupported(dtype)
  const type = types[dtype as keyof typeof types]
  const expected = product(shape) * type.BYTES_PER_ELEMENT
  const found = bytes.length - dataStart
  if (found !== expected) {
    throw new EscError(
      'CORRUPT_DATA',
      `the .npy file has ${found} bytes of data; shape [${shape.join(', ')}] of ${dtype} takes ${expected}`,
    )
  }
  // A copy is needed: the bytes may not be aligned, and they may be swapped here. The `slice` of Node's Buffers makes no copy.
  const body = Uint8Array.prototype.slice.call(bytes, dataStart)
  if (!littleEndian) swapBytes(body, type.BYTES_PER_ELEMENT)
  const data = new type(body.buffer, body.byteOffset, product(shape))
  return { data: fortranOrder ? reorder(data, shape) : data, shape }
}

function headerText(dtype: string, fortranOrder: boolean, shape: readonly number[]): string {
  const order = dtype.endsWith('1') ? '|' : '<'
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const flag = fortranOrder ? 'True' : 'False'
  const dict = `{'descr': '${order}${dtype}', 'fortran_order': ${flag}, 'shape': (${lengths}), }`
  const growing = fortranOrder ? shape.at(-1) : shape[0]
  const room = growing === undefined ? 0 : growthDigits - String(growing).length
  const length = magic.length + 4 + dict.length + room + 1
  // If the header is aligned already, NumPy adds a whole block.
  return `${dict}${' '.repeat(room + alignment - (length % alignment))}\n`
}

function readHeader(bytes: Uint8Array): { text: string; dataStart: number } {
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new EscError('UNSUPPORTED_FORMAT', 'no .npy file: it does not begin with \\x93NUMPY')
  }
  const [major, minor] = [bytes[6], bytes[7]]
  if (major === undefined || major < 1 || major > 3 || minor !== 0) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `.npy version ${major}.${minor} is not known; there are 1.0, 2.0 and 3.0`,
    )
  }
  const start = major === 1 ? 10 : 12
  if (bytes.length < start) throw corrupt('the file ends in it')
  const view = new DataView(bytes.buffer, bytes.byteOffset, start)
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > maxHeaderBytes) throw corrupt(`${length} bytes; more than ${maxHeaderBytes} are not read`)
  if (bytes.length < start + length) throw corrupt('the file ends in it')
  const encoded = bytes.subarray(start, start + length)
  try {
    return {
      text: new TextDecoder(major === 3 ? 'utf-8' : 'latin1', { fatal: true }).decode(encoded),
      dataStart: start + length,
    }
  } catch (cause) {
    throw corrupt('it is not UTF-8', cause)
  }
}

/** The dict of `descr`, `fortran_order` and `shape`, in any order, as Python writes literals. */
function parseHeader(text: string): Header {
  const dict = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (dict === undefined) throw corrupt('it is no dict')
  const pair = /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([^()]*)\)|(\[).*)\s*(?:,\s*|$)/sy
  const found: { descr?: string; fortran_order?: boolean; shape?: number[] } = {}
  while (pair.lastIndex < dict.length) {
    const match = pair.exec(dict)
    if (!match) throw corrupt('it is no dict of text, True or False, and whole numbers')
    const [, , key, , string, flag, tuple, list] = match
    if (key! in found) throw corrupt(`'${key}' occurs twice`)
    if (key === 'descr' && list !== undefined) throw unsupported('a structure')
    else if (key === 'descr' && string !== undefined) found.descr = string
    else if (key === 'fortran_order' && flag !== undefined) found.fortran_order = flag === 'True'
    else if (key === 'shape' && tuple !== undefined) found.shape = parseShape(tuple)
    else throw corrupt(`'${key}' is not a key of .npy, or has a value of another kind`)
  }
  const { descr, fortran_order: fortranOrder, shape } = found
  if (descr === undefined || fortranOrder === undefined || shape === undefined) {
    throw corrupt(`it must have descr, fortran_order and shape; found ${Object.keys(found).join(', ')}`)
  }
  const [, order, dtype] = /^([<>|=]?)(.*)$/s.exec(descr)!
  return { littleEndian: order !== '>', dtype: dtype!, fortranOrder, shape }
}

/** `3, 4`, `3,` or nothing; Python 2 wrote `3L`. */
function parseShape(tuple: string): number[] {
  const lengths = tuple.split(',').map((text) => text.trim())
  // Python needs the comma after a single number.
  if (lengths.at(-1) === '') lengths.pop()
  else if (lengths.length === 1) throw corrupt(`shape (${tuple}) is no tuple`)
  const shape = lengths.map((text) => (/^\d+L?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN))
  if (shape.length > maxAxes || !shape.every(isLength) || !isLength(product(shape) * 8)) {
    throw corrupt(`shape (${tuple.slice(0, 80)}) must be at most ${maxAxes} whole numbers >= 0`)
  }
  return shape
}

function isLength(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function product(shape: readonly number[]): number {
  return shape.reduce((acc, length) => acc * length, 1)
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

/** Changes the order from first axis fastest to last axis fastest. With the shape reversed it changes it back. */
function reorder(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice()
  const strides = shape.map((_, axis) => product(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}

function corrupt(reason: string, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', `the header of the .npy file cannot be read: ${reason}`, { cause })
}

function unsupported(dtype: string): EscError {
  const pickled = dtype === 'O' ? 'objects are Python pickles, which can run code; ' : ''
  const rule = `${pickled}numbers are read, of types ${Object.keys(types).join(' ')}`
  return new EscError('UNSUPPORTED_FORMAT', `the .npy file's elements are ${dtype.slice(0, 40)}: ${rule}`)
}
