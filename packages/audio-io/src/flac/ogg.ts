/** FLAC in Ogg. */
import { EscError, isEscError } from '@esc/core'
import { END, readOggPackets, readOggPages } from '../ogg/pages.js'
import { noEnd } from '../ogg/positions.js'
import { salvageOgg } from '../ogg/repair.js'

// 0x7f "FLAC", a version of two bytes and a count of two come before what a FLAC file begins with.
const MAPPING_SIZE = 9
const FIRST_PACKET_SIZE = 51

/** A file of FLAC alone. */
export interface UnwrappedFlac {
  /** What `decodeFlac` takes; most such files do not say how long they are. */
  bytes: Uint8Array
  /** What was lost around it. */
  warnings: readonly string[]
}

/**
 * Takes FLAC out of an Ogg file: its packets, one after the other, are a FLAC file.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` takes what is intact of a damaged file.
 * @throws EscError CORRUPT_DATA if a page is damaged or missing, or the first packet is not what it should be.
 * @throws EscError UNSUPPORTED_FORMAT for several streams, or another version of the mapping.
 * @see RFC 9639 (FLAC), section 10.1.
 * @example decodeFlac(unwrapOggFlac(bytes, false).bytes)
 */
export function unwrapOggFlac(bytes: Uint8Array, tolerant: boolean): UnwrappedFlac {
  try {
    const pages = readOggPages(bytes)
    // Frames are numbered and checked one by one: positions of pages are not looked at.
    const hasEnd = (pages.at(-1)!.flags & END) !== 0
    return { bytes: joinPackets(readOggPackets(bytes, pages)), warnings: hasEnd ? [] : [noEnd] }
  } catch (error) {
    const salvaged = tolerant && isEscError(error) ? salvageOgg(bytes, '\x7fFLAC', 'FLAC') : undefined
    if (!salvaged) throw error
    return { bytes: joinPackets(salvaged.packets), warnings: salvaged.warnings }
  }
}

function joinPackets([first = new Uint8Array(0), ...others]: readonly Uint8Array[]): Uint8Array {
  const name = String.fromCharCode(...first.subarray(0, 5))
  if (name !== '\x7fFLAC' || first.length !== FIRST_PACKET_SIZE) {
    throw new EscError(
      'CORRUPT_DATA',
      `Ogg FLAC: the first packet has ${first.length} bytes, expected ${FIRST_PACKET_SIZE} from 0x7f "FLAC" on`,
    )
  }
  if (first[5] !== 1) throw new EscError('UNSUPPORTED_FORMAT', `Ogg FLAC: version ${first[5]}, expected 1`)
  const parts = [first.subarray(MAPPING_SIZE), ...others]
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    file.set(part, offset)
    offset += part.length
  }
  return file
}
