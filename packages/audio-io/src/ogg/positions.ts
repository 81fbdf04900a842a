/** Finds where the sound of an Ogg stream begins and ends, from the positions that its pages state. */
import { EscError } from '@esc/core'
import { END, isCaptured, type OggPage } from './pages.js'

/** A page with sound, and the samples that all packets up to its end give. */
export interface SoundPage {
  page: OggPage
  /** Number of the page in the whole stream, from 0. */
  index: number
  given: number
}

/** The part of the packets' samples that is the stream's sound. */
export interface SoundSpan {
  /** Samples before the part. */
  start: number
  /** Samples up to the end of the part. */
  end: number
  /** The position of the first sample; negative if that many samples are dropped from the start. */
  origin: number
  warnings: string[]
}

/** The warning for a stream without an end-of-stream flag. */
export const noEnd =
  'no page is marked as the end of the stream: the recorder was stopped, or the file was cut between two pages'

// No file is that long: a position beyond this many samples was never filled in.
const leastUnknown = 0x7fffffff

/**
 * Finds which part of a stream's samples is kept.
 *
 * - Positions may start late: a captured stream keeps the positions of the broadcast (RFC 7845, section 4.5). All
 *   positions are then counted from the first packet, by the page before the last, as in ffmpeg 5.1. If any page
 *   states exactly the samples of its packets, the stream starts at 0, whatever the other pages state.
 * - The last page may state less than its packets hold: that trims the end, but only if the page has the
 *   end-of-stream flag. A recorder that leaves the flag out trims nothing. ffmpeg does the same; libvorbisfile, and
 *   so libsndfile, always trims.
 * - For a stream on a single page, ffmpeg 5.1 trims too much. Here it ends at its position, as in libsndfile.
 * - Positions in the middle decide nothing. If they are wrong by more than a packet, a warning says so.
 *
 * @param codec - Its name, for messages.
 * @param pages - All pages with sound.
 * @param tolerance - Samples by which a position may be wrong: those of the longest packet.
 * @param trimsStart - Whether samples at the start are dropped if all pages state that many samples less than their
 *   packets give, up to the samples of one packet. This holds for Vorbis; libvorbisfile drops them, ffmpeg 5.1 keeps
 *   them.
 * @throws EscError CORRUPT_DATA if the last page states an end before its first packet, or more than `tolerance`
 *   after its last packet: then sound is missing. A position of 0, or one that no file could reach, gives a warning
 *   instead.
 * @see RFC 7845, section 4; Vorbis I specification (2020), section A.2.
 * @example findSound('Opus', pages, 5760, false).end
 */
export function findSound(
  codec: string,
  pages: readonly SoundPage[],
  tolerance: number,
  trimsStart: boolean,
): SoundSpan {
  const last = pages.at(-1)!
  const before = pages.at(-2)?.given ?? 0
  const stated = pages.filter(({ page }) => page.granule > 0n).map(withPosition)
  const origin = findOrigin(stated, last, before, trimsStart ? tolerance : 0)
  const start = Math.max(0, -origin)
  const off = stated.filter(
    ({ position, given, index }) => index !== last.index && Math.abs(position - origin - given) > tolerance,
  )
  const warnings = off
    .slice(0, 1)
    .map(
      ({ position, given, index }) =>
        `${off.length} pages state wrong positions; the first is page ${index}: it states sample ${position}, ` +
        `its packets end at sample ${given + origin}`,
    )
  const position = Number(last.page.granule)
  const end = position - origin
  if (!(last.page.flags & END)) {
    warnings.push(noEnd)
    return { start, origin, end: last.given, warnings }
  }
  if (position === -1) throw corrupt(codec, 'no packet ends on the last page')
  if (position === 0 || (end >= leastUnknown && end > last.given + tolerance)) {
    warnings.push(
      `the last page states sample ${position}, which is wrong: the packets hold ${last.given} samples`,
    )
    return { start, origin, end: last.given, warnings }
  }
  if (end < before || end > last.given + tolerance) {
    throw corrupt(
      codec,
      `page ${last.index} states sample ${position} as its end, its packets end at ${last.given + origin}`,
    )
  }
  return { start, origin, end: Math.min(end, last.given), warnings }
}

/**
 * The warnings for a stream whose page numbers jump after its headers.
 *
 * @throws EscError CORRUPT_DATA if its positions do not start late as well: then pages are missing.
 * @example captureWarnings('Opus', pages, soundSpan, 5760)
 */
export function captureWarnings(
  codec: string,
  pages: readonly OggPage[],
  { origin }: SoundSpan,
  tolerance: number,
): string[] {
  if (!isCaptured(pages)) return []
  if (origin <= tolerance)
    throw corrupt(codec, 'pages are missing after the headers: the start of the sound is lost')
  return [
    `the sound begins at position ${origin}: the stream was captured from its middle, or its start is missing`,
  ]
}

interface Stated extends SoundPage {
  position: number
}

function withPosition(sound: SoundPage): Stated {
  return { ...sound, position: Number(sound.page.granule) }
}

/** The position of the packets' first sample; negative if samples are dropped from the start. */
function findOrigin(stated: readonly Stated[], last: SoundPage, before: number, mostTrimmed: number): number {
  const origins = stated.map(({ position, given }) => position - given)
  const end = Number(last.page.granule)
  if (stated.at(-1)?.index === last.index) origins.pop()
  // All sound is on one page. The stream starts late if that page states more samples than its packets give.
  if (origins.length === 0) return Math.max(0, end - last.given)
  if (origins.includes(0)) return 0
  const origin = origins.at(-1)!
  if (origin < 0) {
    const isTrim = -origin <= mostTrimmed && origins.every((other) => other === origin)
    return isTrim ? origin : 0
  }
  // A single wrong page does not count if the last page fits a stream that starts at 0.
  return end - origin < before && end >= before && end <= last.given ? 0 : origin
}

function corrupt(codec: string, message: string): EscError {
  return new EscError('CORRUPT_DATA', `${codec}: ${message}`)
}
