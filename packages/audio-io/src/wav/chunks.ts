/** Walks the chunks of a WAV or AIFF file to the two that matter: the format, and the samples. */
import type { EscError } from '@esc/core'
import type { ByteRange, Reading } from '../reading.js'
import { type StatedChunk, type TrueSize, trueSize } from './chunk-size.js'
import { fourCc } from './four-cc.js'

/** A container, and what is looked for in it. */
export interface ChunkSearch {
  /** Bytes from the start of the file to the container. */
  start: number
  /** Where the container ends by its own account. */
  end: number
  fileSize: number
  littleEndian: boolean
  /** `true` takes the samples that there are of a file that was cut short, and the first of two chunks of a kind. */
  tolerant: boolean
  /** Names of the two chunks. */
  format: string
  samples: string
  /** The size of the chunk of samples. Default {@link trueSize}. */
  sizeOf?: (chunk: StatedChunk) => Reading<TrueSize>
  corrupt: (message: string) => EscError
}

/** The chunks that matter, and what was wrong around them. */
export interface FoundChunks {
  format: ByteRange
  samples: ByteRange
  /** Whether the size of the samples is not the stated one. */
  isComputed: boolean
  warnings: string[]
}

// A file of empty chunks must not be walked for hours.
const MAX_CHUNKS = 65536

/**
 * Finds the chunks of format and samples, in either order.
 *
 * The container's own size decides nothing: recorders leave it at 0 or at what it was when they were switched off. It
 * only tells, once both chunks are found, where other things begin.
 *
 * @throws EscError as `corrupt` makes it, if one of them is missing or there twice, or a chunk before the end of the
 *   search claims more than the file has.
 * @example yield* findChunks({ start: 0, end, fileSize, littleEndian, tolerant, format: 'fmt ', samples: 'data', corrupt })
 */
export function* findChunks(search: ChunkSearch): Reading<FoundChunks> {
  const { start, end, fileSize, littleEndian, tolerant, corrupt } = search
  const found: Partial<Record<'format' | 'samples', ByteRange>> = {}
  const warnings: string[] = []
  let isComputed = false
  let offset = start + 12
  for (let count = 0; offset + 8 <= fileSize; count++) {
    const isComplete = found.format !== undefined && found.samples !== undefined
    if (isComplete && offset >= end) break
    if (count > MAX_CHUNKS) throw corrupt(`more than ${MAX_CHUNKS} chunks`)
    const head = yield { offset, length: 8 }
    const id = fourCc(head, 0)
    const kind = id === search.format ? 'format' : id === search.samples ? 'samples' : null
    const body = offset + 8
    const stated = { id, size: head.getUint32(4, littleEndian), body, start, fileSize, littleEndian }
    let { size } = stated
    if (kind === 'samples' && !found.samples) {
      const truth = yield* (search.sizeOf ?? trueSize)(stated)
      size = truth.size
      isComputed = truth.warning !== null
      if (truth.warning !== null) warnings.push(truth.warning)
    }
    const rest = fileSize - body
    if (size > rest) {
      if (isComplete) break
      const message = `chunk "${id}" at byte ${offset} claims ${size} bytes, ${rest} follow`
      if (!tolerant || kind !== 'samples') throw corrupt(`${message}: the file was cut short`)
      warnings.push(`${message}: the rest is missing`)
      size = rest
    }
    if (kind !== null) {
      const isSecond = found[kind] !== undefined
      if (isSecond && !tolerant) throw corrupt(`a second chunk "${id}" at byte ${offset}, expected one`)
      if (isSecond) warnings.push(`a second chunk "${id}" at byte ${offset} is left out`)
      else found[kind] = { offset: body, length: size }
    }
    // Chunks start at even offsets.
    offset = body + size + (size & 1)
  }
  const { format, samples } = found
  if (!format || !samples) {
    throw corrupt(
      `no chunk "${format ? search.samples : search.format}" in the ${fileSize} bytes of the file`,
    )
  }
  return { format, samples, isComputed, warnings }
}
