/** From a checked compressed file and a decoder to sound, block by block, so that only what is wanted takes memory. */
import { EscError, isEscError } from '@esc/core'
import {
  allocateChannels,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  resolveSpan,
  type Span,
} from './audio.js'
import { type AudioDecoder, type CompressedFile, type CompressedStream, decoderError } from './codecs.js'

/** What {@link streamCompressed} gives, and how much at a time. */
export interface CompressedStreamOptions extends Omit<DecodeLimits, 'maxDurationSec'> {
  /** Samples per channel of each block but the last, which may be shorter. */
  blockFrames: number
}

/** A decoder's block, cut to what is wanted of it: views of the decoder's own arrays. */
interface Piece {
  channels: readonly Float32Array[]
  gain: number
}

/** A run of a decoder, and what went wrong in it. */
interface Run {
  file: CompressedFile
  decode: AudioDecoder
  span: Span
  tolerant: boolean
  /** Whether all is decoded, to see that it is what the file promises. */
  toEnd: boolean
  warnings: string[]
  /** Samples that were NaN or infinite. */
  silenced: number
}

/**
 * Decodes a compressed file, or the part that the limits ask for.
 *
 * Memory is the result's and a few blocks'. Where a part is asked for, decoding begins at the start of the file, and ends
 * with the part; else the file is decoded to its end, and what comes is counted.
 *
 * @param file - As a reader returned it: `readOggVorbis`, `readOggOpus`, `readMp3`.
 * @throws EscError INVALID_OPTION, INVALID_INPUT as {@link resolveSpan}.
 * @throws EscError CORRUPT_DATA if the decoder fails, or gives other than the file promises: channels, rate, number of
 *   samples, or samples that are no numbers. With `tolerant`, only if there is no sound before that.
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
  return decoded(sound, file.info.sampleRate, [...file.warnings, ...run.warnings, ...silencedWarning(run)])
}

/**
 * Decodes a compressed file block by block, each when it is asked for; all blocks together equal what
 * {@link decodeCompressed} gives. What the reader lost of a damaged file is said with the first block, what the decoder
 * lost with the last.
 *
 * @throws EscError as {@link decodeCompressed}, where the loop has come to the damage.
 * @example for await (const { channels } of streamCompressed(file, mp3, { blockFrames: 65536 })) play(channels)
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
      // Only what follows a full block shows that it is not the last, which is held until all was checked.
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
  yield decoded(last, sampleRate, [...warnings, ...run.warnings, ...silencedWarning(run)])
}

function createRun(file: CompressedFile, decode: AudioDecoder, limits: DecodeLimits): Run {
  const { tolerant = false, duration = null } = limits
  const span = resolveSpan(file.info.frames, file.info.sampleRate, limits)
  return { file, decode, span, tolerant, toEnd: !tolerant && duration === null, warnings: [], silenced: 0 }
}

/** The wanted span, piece by piece; in strict mode, the end is reached only if the file kept its promises. */
async function* readPieces(run: Run): AsyncGenerator<Piece, void> {
  const { info, streams } = run.file
  // Where in the file's sound the stream begins, and how far decoding has come.
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
    if (!hasSound) throw new EscError('CORRUPT_DATA', 'the decoder gave no sound')
  } catch (cause) {
    const error = isEscError(cause) ? cause : decoderError(cause)
    if (!run.tolerant || !hasSound) throw error
    const at = (end / info.sampleRate).toFixed(3)
    run.warnings.push(`decoding stopped at ${at} s, and what follows was left out: ${error.message}`)
  }
}

/** The part of a block that is in the span; `undefined` if none is. */
function cutBlock(
  block: DecodedAudio,
  stream: CompressedStream,
  given: number,
  position: number,
  span: Span,
): Piece | undefined {
  // Where the block's first sample stands in the file's sound.
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
      `the decoder gave ${channels.length} channels of ${length} samples at ${sampleRate} Hz, the file promises ` +
        `${info.channels} at ${info.sampleRate} Hz`,
    )
  }
}

/** @returns How many samples were NaN or infinite: they are set to 0. */
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
    throw new EscError('CORRUPT_DATA', `the decoder gave ${silenced} samples that are NaN or infinite`)
  }
}

function silencedWarning({ silenced }: Run): string[] {
  return silenced === 0 ? [] : [`${silenced} samples were NaN or infinite and were set to 0`]
}

function mismatch(given: string, { least, most }: CompressedStream): EscError {
  const expected = least === most ? `${least}` : `${least} to ${most}`
  return new EscError(
    'CORRUPT_DATA',
    `the decoder gave ${given} samples per channel, the file promises ${expected}`,
    {
      detail: { expected: least },
    },
  )
}
