/** Walks the chunks of a WAV or AIFF file, and finds the two that matter: the format and the samples. */
import type { EscError } from '@esc/core'
import type { ByteRange, Reading } from '../reading.js'
import { type StatedChunk, type TrueSize, trueSize } from './chunk-size.js'
import { fourCc } from './four-cc.js'

/** A container, and the chunks to find in it. */
export interface ChunkSearch {
  /** Bytes from the start of the file to the container. */
  start: number
  /** Where the container ends by the size that it states. */
  end: number
  fileSize: number
  littleEndian: boolean
  /** `true` takes the remaining samples of a file that was cut short, and the first of two chunks of one kind. */
  tolerant: boolean
  /** Name of the chunk of the format. */
  format: string
  /** Name of the chunk of samples. */
  samples: string
  /** Finds the size of the chunk of samples. @defaultValue {@link trueSize} */
  sizeOf?: (chunk: StatedChunk) => Reading<TrueSize>
  /** Makes the error for a damaged file of this format. */
  corrupt: (message: string) => EscError
}

/** The two chunks, and the warnings about them. */
export interface FoundChunks {
  format: ByteRange
  samples: ByteRange
  /** Whether the size of the samples was computed, because the stated one is wrong. */
  isComputed: boolean
  warnings: string[]
}

// Without a limit, a file of empty chunks could take hours.
const maxChunks = 65536

/**
 * Finds the chunk of the format and the chunk of the samples, in any order.
 *
 * The size that the container states may be wrong: recorders leave it at 0, or at its value when they were switched
 * off. It is used only after both chunks were found, to see where the container ends.
 *
 * @throws EscError made by `corrupt`, if one of the two chunks is missing or stands there twice, or if a chunk before
 *   the end of the search states a size of more than the file holds.
 * @example yield* findChunks({ ...search, format: 'fmt ', samples: 'data' })
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
    if (count > maxChunks) throw corrupt(`the file has more than ${maxChunks} chunks`)
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
      const message = `chunk "${id}" at byte ${offset} states a size of ${size} bytes, but only ${rest} bytes follow`
      if (!tolerant || kind !== 'samples') throw corrupt(`${message}: the file was cut short`)
      warnings.push(`${message}: the rest is missing`)
      size = rest
    }
    if (kind !== null) {
      const isSecond = found[kind] !== undefined
      if (isSecond && !tolerant)
        throw corrupt(`there is a second chunk "${id}" at byte ${offset}, expected one`)
      if (isSecond) warnings.push(`a second chunk "${id}" at byte ${offset} was left out`)
      else found[kind] = { offset: body, length: size }
    }
    // Chunks start at even offsets.
    offset = body + size + (size & 1)
  }
  const { format, samples } = found
  if (!format || !samples) {
    throw corrupt(
      `there is no chunk "${format ? search.samples : search.format}" in the ${fileSize} bytes of the file`,
    )
  }
  return { format, samples, isComputed, warnings }
}
