/** Turns a checked compressed file into sound with its decoder, block by block. */
import { EscError, isEscError } from '@esc/core'
import {
  allocateChannels,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  resolveSpan,
  type Span,
  silencedWarning,
} from './audio.js'
import { type AudioDecoder, type CompressedFile, type CompressedStream, decoderError } from './codecs.js'

/** Options of {@link streamCompressed}. */
export interface CompressedStreamOptions extends Omit<DecodeLimits, 'maxDurationSec'> {
  /** Samples per channel of each block; the last block may be shorter. */
  blockFrames: number
}

/** The wanted part of a decoder's block: views of the decoder's own arrays. */
interface Piece {
  channels: readonly Float32Array[]
  gain: number
}

/** One run of a decoder over a file, and the problems that came up. */
interface Run {
  file: CompressedFile
  decode: AudioDecoder
  span: Span
  tolerant: boolean
  /** Whether the file is decoded to its end, to check that it has as many samples as its headers state. */
  toEnd: boolean
  warnings: string[]
  /** Samples that were NaN or infinite. */
  silenced: number
}

/**
 * Decodes a compressed file, or the part that the limits ask for.
 *
 * It needs memory for the result and a few blocks. If `duration` is set, decoding begins at the start of the file and
 * stops at the end of the part. Otherwise the file is decoded to its end, and the samples are counted.
 *
 * @param file - The result of a reader: `readOggVorbis`, `readOggOpus`, `readMp3`.
 * @throws EscError INVALID_OPTION, INVALID_INPUT as {@link resolveSpan}.
 * @throws EscError CORRUPT_DATA if the decoder fails, if its output does not match the file's headers (channels,
 *   rate, number of samples), or if samples are NaN or infinite. With `tolerant`, only if there is no sound before
 *   that.
 * @example await decodeCompressed(readMp3(bytes, false), mp3, { offset: 1, duration: 2 })
 */
export async function decodeCompressed(
  file: CompressedFile,
  decode: AudioDecoder,
  limits: DecodeLimits,
): Promise<DecodedAudio> {
  const run = createRun(file, decode, limits)
  const channels = allocateChannels(file.info.channels, run.span.length)
  let done = 0
  for await (const piece of readPieces(run)) {
    run.silenced += copyPiece(piece, 0, channels, done, piece.channels[0]!.length)
    done += piece.channels[0]!.length
    checkNumbers(run)
  }
  const sound = done === run.span.length ? channels : channels.map((samples) => samples.slice(0, done))
  return decoded(sound, file.info.sampleRate, [
    ...file.warnings,
    ...run.warnings,
    ...silencedWarning(run.silenced),
  ])
}

/**
 * Decodes a compressed file block by block, each when the loop reaches it. All blocks together equal the result of
 * {@link decodeCompressed}. The first block carries the warnings of the reader, the last block those of the decoder.
 *
 * @throws EscError as {@link decodeCompressed}, when the loop reaches the damage.
 * @example for await (const { channels } of streamCompressed(file, mp3, { blockFrames: 65536 })) console.log(channels)
 */
export async function* streamCompressed(
  file: CompressedFile,
  decode: AudioDecoder,
  { blockFrames, ...part }: CompressedStreamOptions,
): AsyncGenerator<DecodedAudio, void> {
  const { channels: count, sampleRate } = file.info
  const run = createRun(file, decode, { ...part, maxDurationSec: Number.POSITIVE_INFINITY })
  const size = Math.min(blockFrames, run.span.length)
  let block = allocateChannels(count, size)
  let filled = 0
  let warnings = file.warnings
  for await (const piece of readPieces(run)) {
    const length = piece.channels[0]!.length
    for (let from = 0; from < length; ) {
      // The last block must not leave before the whole file was checked. A full block is known not to be the last
      // only once more sound follows.
      if (filled === size) {
        yield decoded(block, sampleRate, warnings)
        warnings = []
        block = allocateChannels(count, size)
        filled = 0
      }
      const taken = Math.min(length - from, size - filled)
      run.silenced += copyPiece(piece, from, block, filled, taken)
      checkNumbers(run)
      from += taken
      filled += taken
    }
  }
  const last = filled === size ? block : block.map((samples) => samples.slice(0, filled))
  yield decoded(last, sampleRate, [...warnings, ...run.warnings, ...silencedWarning(run.silenced)])
}

function createRun(file: CompressedFile, decode: AudioDecoder, limits: DecodeLimits): Run {
  const { tolerant = false, duration = null } = limits
  const span = resolveSpan(file.info.frames, file.info.sampleRate, limits)
  return { file, decode, span, tolerant, toEnd: !tolerant && duration === null, warnings: [], silenced: 0 }
}

/**
 * Yields the wanted span, piece by piece. Without `tolerant`, it throws if the decoder's output does not match the
 * headers.
 */
async function* readPieces(run: Run): AsyncGenerator<Piece, void> {
  const { info, streams } = run.file
  // Where the stream begins in the file's sound, and where the sound decoded so far ends.
  let position = 0
  let end = 0
  let hasSound = false
  try {
    for (const stream of streams) {
      let given = 0
      for await (const block of run.decode(stream.payload)) {
        checkBlock(block, run.file)
        const piece = cutBlock(block, stream, given, position, run.span)
        given += block.channels[0]!.length
        end = position + Math.max(0, Math.min(given - stream.skip, stream.frames))
        if (piece) {
          hasSound = true
          yield piece
        }
        if (!run.toEnd && end >= run.span.start + run.span.length) return
        if (given > stream.most) throw mismatch(`more than ${stream.most}`, stream)
      }
      if (given < stream.least) {
        const error = mismatch(`${given}`, stream)
        if (!run.tolerant) throw error
        run.warnings.push(error.message)
      }
      position = end
    }
    if (!hasSound) throw new EscError('CORRUPT_DATA', 'the decoder returned no sound')
  } catch (cause) {
    const error = isEscError(cause) ? cause : decoderError(cause)
    if (!run.tolerant || !hasSound) throw error
    const at = (end / info.sampleRate).toFixed(3)
    run.warnings.push(`decoding stopped at ${at} s, and the rest of the sound was left out: ${error.message}`)
  }
}

/** The part of a block that is in the span; `undefined` if no part is. */
function cutBlock(
  block: DecodedAudio,
  stream: CompressedStream,
  given: number,
  position: number,
  span: Span,
): Piece | undefined {
  // The position of the block's first sample in the file's sound.
  const origin = position + given - stream.skip
  const from = Math.max(span.start, position) - origin
  const to = Math.min(span.start + span.length, position + stream.frames) - origin
  const first = Math.max(0, from)
  const last = Math.min(block.channels[0]!.length, to)
  if (!(last > first)) return undefined
  return { channels: block.channels.map((samples) => samples.subarray(first, last)), gain: stream.gain }
}

function checkBlock({ channels, sampleRate }: DecodedAudio, { info }: CompressedFile): void {
  const length = channels[0]?.length ?? 0
  if (
    sampleRate !== info.sampleRate ||
    channels.length !== info.channels ||
    channels.some((samples) => samples.length !== length)
  ) {
    throw new EscError(
      'CORRUPT_DATA',
      `the decoder returned ${channels.length} channels of ${length} samples at ${sampleRate} Hz, the file's header states ` +
        `${info.channels} channels at ${info.sampleRate} Hz`,
    )
  }
}

/** @returns How many samples were NaN or infinite: they become 0. */
function copyPiece(
  { channels, gain }: Piece,
  from: number,
  to: readonly Float32Array[],
  at: number,
  length: number,
): number {
  let silenced = 0
  for (let channel = 0; channel < to.length; channel++) {
    const source = channels[channel]!
    const target = to[channel]!
    for (let i = 0; i < length; i++) {
      const sample = Math.fround(source[from + i]! * gain)
      if (Number.isFinite(sample)) target[at + i] = sample
      else silenced++
    }
  }
  return silenced
}

function checkNumbers({ silenced, tolerant }: Run): void {
  if (silenced > 0 && !tolerant) {
    throw new EscError('CORRUPT_DATA', `the decoder returned ${silenced} samples that are NaN or infinite`)
  }
}

function mismatch(given: string, { least, most }: CompressedStream): EscError {
  const expected = least === most ? `${least}` : `${least} to ${most}`
  return new EscError(
    'CORRUPT_DATA',
    `the decoder returned ${given} samples per channel, the file's headers state ${expected}`,
    { detail: { expected: least } },
  )
}
