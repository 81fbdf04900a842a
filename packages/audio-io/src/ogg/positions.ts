/** Where the sound of an Ogg stream begins and ends, from the positions that its pages state. */
import { EscError } from '@esc/core'
import { END, isCaptured, type OggPage } from './pages.js'

/** A page with sound, and how many samples all packets up to its end give. */
export interface SoundPage {
  page: OggPage
  /** In the whole stream, from 0. */
  index: number
  given: number
}

/** The part of what the packets give that is the stream's sound. */
export interface SoundSpan {
  /** Samples before it. */
  start: number
  /** Samples up to its end. */
  end: number
  /** The position of the first sample of all; negative if samples are dropped before it. */
  origin: number
  warnings: string[]
}

/** What to say of a stream without an end-of-stream flag. */
export const noEnd =
  'no page ends the stream: its recorder was stopped, or the file was cut between two pages'

// A distance that no file is long enough for: the position was not filled in.
const UNKNOWN = 0x7fffffff

/**
 * Finds what of a stream's sound is kept.
 *
 * - Positions may start late: a captured stream keeps those of the broadcast (RFC 7845, section 4.5). All are counted from
 *   where the first packet begins, by the last page but one, as in ffmpeg 5.1; a page that is where its packets are
 *   shows that the stream starts at 0, whatever others say.
 * - The last page may state less than its packets hold: that trims the end. Only where it has the end-of-stream flag: a
 *   recorder that leaves the flag out trims nothing (so ffmpeg; libvorbisfile, and so libsndfile, trims all the same).
 * - Of a stream on a single page ffmpeg 5.1 trims too much; that one ends at its position, as in libsndfile.
 * - Positions in the middle decide nothing. If they are off by more than a packet, a warning says so.
 *
 * @param tolerance - Samples by which a position may be off: the longest packet's.
 * @param trimsStart - Whether positions that are behind their packets by one number on all pages drop that many samples
 *   from the start, a packet at most. So it is in Vorbis; ffmpeg 5.1 keeps them, libvorbisfile does not.
 * @throws EscError CORRUPT_DATA if the last page ends before its first packet begins, or more than `tolerance` after its
 *   last: there is less sound than there should be. Not where it states 0, or what no file could hold.
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
        `${off.length} pages state other positions than their packets have, the first is page ${index}: ` +
        `sample ${position}, not ${given + origin}`,
    )
  const position = Number(last.page.granule)
  const end = position - origin
  if (!(last.page.flags & END)) {
    warnings.push(noEnd)
    return { start, origin, end: last.given, warnings }
  }
  if (position === -1) throw corrupt(codec, 'no packet ends on the last page')
  if (position === 0 || (end >= UNKNOWN && end > last.given + tolerance)) {
    warnings.push(`the last page states sample ${position}, which cannot be true: ${last.given} are there`)
    return { start, origin, end: last.given, warnings }
  }
  if (end < before || end > last.given + tolerance) {
    throw corrupt(
      codec,
      `page ${last.index} ends at sample ${position}, its packets at ${last.given + origin}`,
    )
  }
  return { start, origin, end: Math.min(end, last.given), warnings }
}

/**
 * What to say of a stream whose page numbers leap behind its headers.
 *
 * @throws EscError CORRUPT_DATA if its positions do not start late as well: then pages are missing.
 * @example warnings.push(...captureWarnings('Opus', pages, span, 5760))
 */
export function captureWarnings(
  codec: string,
  pages: readonly OggPage[],
  { origin }: SoundSpan,
  tolerance: number,
): string[] {
  if (!isCaptured(pages)) return []
  if (origin <= tolerance) throw corrupt(codec, 'pages are missing behind the headers: the start is cut off')
  return [`the sound begins at position ${origin} of a stream: it was captured, or its start is missing`]
}

interface Stated extends SoundPage {
  position: number
}

function withPosition(sound: SoundPage): Stated {
  return { ...sound, position: Number(sound.page.granule) }
}

/** The position of the first sample that the packets give; negative if samples are dropped from the start. */
function findOrigin(stated: readonly Stated[], last: SoundPage, before: number, mostTrimmed: number): number {
  const origins = stated.map(({ position, given }) => position - given)
  const end = Number(last.page.granule)
  if (stated.at(-1)?.index === last.index) origins.pop()
  // All sound is on one page: it starts late if it ends after its packets.
  if (origins.length === 0) return Math.max(0, end - last.given)
  if (origins.includes(0)) return 0
  const origin = origins.at(-1)!
  if (origin < 0) {
    const isTrim = -origin <= mostTrimmed && origins.every((other) => other === origin)
    return isTrim ? origin : 0
  }
  // One page that is wrong by itself says nothing if the last is where it would be from 0 on.
  return end - origin < before && end >= before && end <= last.given ? 0 : origin
}

function corrupt(codec: string, message: string): EscError {
  return new EscError('CORRUPT_DATA', `${codec}: ${message}`)
}
