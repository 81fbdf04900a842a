/** Takes FLAC out of an Ogg file. */
import { EscError, isEscError } from '@esc/core'
import { concat, latin1 } from '../bytes.js'
import { END, readOggPackets, readOggPages } from '../ogg/pages.js'
import { noEnd } from '../ogg/positions.js'
import { salvageOgg } from '../ogg/repair.js'

// Before the bytes of a FLAC file stand 0x7f, "FLAC", a version of two bytes and a count of two bytes.
const MAPPING_SIZE = 9
const FIRST_PACKET_SIZE = 51

/** A FLAC file that was in Ogg. */
export interface UnwrappedFlac {
  /** A file for `decodeFlac`. Most files of this kind do not state their length. */
  bytes: Uint8Array
  /** One sentence for each part of the Ogg file that was lost. */
  warnings: readonly string[]
}

/**
 * Joins the packets of an Ogg file of FLAC. Together they are a FLAC file.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` reads the intact part of a damaged file.
 * @throws EscError CORRUPT_DATA if a page is damaged or missing, or the first packet is wrong.
 * @throws EscError UNSUPPORTED_FORMAT for several streams, or another version of the mapping.
 * @see RFC 9639 (FLAC), section 10.1.
 * @example decodeFlac(unwrapOggFlac(bytes, false).bytes)
 */
export function unwrapOggFlac(bytes: Uint8Array, tolerant: boolean): UnwrappedFlac {
  try {
    const pages = readOggPages(bytes)
    // The positions of pages are not used: FLAC frames have numbers and checksums of their own.
    const hasEnd = (pages.at(-1)!.flags & END) !== 0
    return { bytes: joinPackets(readOggPackets(bytes, pages)), warnings: hasEnd ? [] : [noEnd] }
  } catch (error) {
    const salvaged = tolerant && isEscError(error) ? salvageOgg(bytes, '\x7fFLAC', 'FLAC') : undefined
    if (!salvaged) throw error
    return { bytes: joinPackets(salvaged.packets), warnings: salvaged.warnings }
  }
}

function joinPackets([first = new Uint8Array(0), ...others]: readonly Uint8Array[]): Uint8Array {
  const name = latin1(first, 0, 5)
  if (name !== '\x7fFLAC' || first.length !== FIRST_PACKET_SIZE) {
    throw new EscError(
      'CORRUPT_DATA',
      `Ogg FLAC: the first packet has ${first.length} bytes, expected ${FIRST_PACKET_SIZE} that begin with 0x7f "FLAC"`,
    )
  }
  if (first[5] !== 1) {
    throw new EscError('UNSUPPORTED_FORMAT', `Ogg FLAC: version ${first[5]} is not supported, expected 1`)
  }
  return concat([first.subarray(MAPPING_SIZE), ...others])
}
