import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../fixtures/cpu-time.js'
import { fixture } from '../../fixtures/load.js'
import { join, pagesOf } from '../../fixtures/ogg-pages.js'
import { expectSame } from '../../fixtures/tools.js'
import { opus } from '../codecs/opus.js'
import { vorbis } from '../codecs/vorbis.js'
import { decodeCompressed } from '../compressed.js'
import { readOggOpus } from './opus.js'
import { readOggPackets, readOggPages } from './pages.js'
import { noEnd } from './positions.js'
import { writeOgg } from './repair.js'
import { readOggVorbis } from './vorbis.js'

const opusFile = fixture('mono-opus.opus')
const vorbisFile = fixture('mono-vorbis.ogg')
const opusPages = pagesOf(opusFile)
const flip = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1)
/** Bytes before a page. */
const before = (pages: readonly Uint8Array[], index: number) =>
  pages.slice(0, index).reduce((sum, page) => sum + page.length, 0)
const concat = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)))
const decode = (bytes: Uint8Array) => decodeCompressed(readOggOpus(bytes, true), opus, { tolerant: true })

describe('writeOgg', () => {
  test.each([1, 254, 255, 256, 65_024, 65_025, 65_026, 200_000])('keeps a packet of %i bytes', (size) => {
    const packets = [1, size, 2].map((length, i) => new Uint8Array(length).fill(i + 1))
    const bytes = writeOgg(packets)
    expectSame(readOggPackets(bytes, readOggPages(bytes)), packets)
  })
})

describe('a damaged Opus file, read tolerantly', () => {
  const [head, tags, ...sound] = opusPages as [Uint8Array, Uint8Array, ...Uint8Array[]]
  const count = opusPages.length
  const at = before(opusPages, 2)
  const lostOne = `1 of ${count} pages were damaged or missing and were left out, the first at byte ${at}`
  // A page of another stream, of an unknown codec.
  const other = (page: Uint8Array) => page.with(14, 7).with(28, 0)
  const multiplexed = join([other(head), head, tags, other(tags), ...sound].map((page) => page.slice()))
  const restart = 'the file also holds other streams; only the first Opus stream was decoded'

  test.each<[string, Uint8Array, number, string[]]>([
    ['intact', opusFile, 2400, []],
    ['a page damaged', flip(opusFile, at + 40), 2880 - 312 - 960, [lostOne]],
    ['a page missing', concat(head, tags, ...sound.slice(1)), 2880 - 312 - 960, [lostOne]],
    [
      'the tags damaged',
      flip(opusFile, head.length + 30),
      2400,
      [`1 of ${count} pages were damaged or missing and were left out, the first at byte ${head.length}`],
    ],
    [
      'junk between pages',
      concat(head, tags, Uint8Array.of(1, 2, 3), ...sound),
      2400,
      ['3 bytes are no Ogg pages and were left out'],
    ],
    [
      'cut at a page',
      opusFile.subarray(0, before(opusPages, count - 1)),
      960 * (sound.length - 1) - 312,
      [noEnd],
    ],
    ['chained with stereo', concat(opusFile, fixture('stereo-opus.opus')), 2400, [restart]],
    ['multiplexed', multiplexed, 2400, [restart]],
  ])('%s', async (_, bytes, frames, expected) => {
    const { channels, warnings = [] } = await decode(bytes)
    expect(warnings).toEqual(expected)
    expect(channels[0]).toHaveLength(frames)
  })
})

describe('a damaged Vorbis file, read tolerantly', () => {
  const decodeVorbis = (bytes: Uint8Array) =>
    decodeCompressed(readOggVorbis(bytes, true), vorbis, { tolerant: true })
  const pages = pagesOf(vorbisFile)
  const lost = (at: number) =>
    `1 of 6 pages were damaged or missing and were left out, the first at byte ${at}`
  const cut = `the file was cut short: no page is marked as the end of the stream, the last page is at byte ${before(pages, 4)}`

  test.each<[string, Uint8Array, number, string[]]>([
    ['the last page damaged', flip(vorbisFile, vorbisFile.length - 1), 1152, [lost(before(pages, 5)), cut]],
    ['cut short', vorbisFile.subarray(0, before(pages, 5)), 1152, [noEnd]],
    [
      'a tag after the end',
      concat(vorbisFile, new Uint8Array(128)),
      1600,
      ['128 bytes are no Ogg pages and were left out'],
    ],
  ])('%s: the sound before the damage is whole', async (_, bytes, frames, expected) => {
    const { channels: whole } = await decodeVorbis(vorbisFile)
    const { channels, warnings } = await decodeVorbis(bytes)
    expect(warnings).toEqual(expected)
    expect(channels[0]).toEqual(whole[0]!.subarray(0, frames))
  })

  test('decoding goes on after a missing page', async () => {
    const { channels, warnings } = await decodeVorbis(concat(...pages.toSpliced(3, 1)))
    expect(warnings).toEqual([lost(before(pages, 3))])
    // 512 samples are lost. The last position can no longer trim the end, so 64 samples of padding stay.
    expect(channels[0]).toHaveLength(1600 - 512 + 64)
  })

  test.each([
    ['the first page', 0],
    ['the setup', 1],
  ])('CORRUPT_DATA without %s', (_, index) => {
    expect(() => readOggVorbis(concat(...pages.toSpliced(index, 1)), true)).toThrow(
      throwsCode('CORRUPT_DATA'),
    )
  })

  test('bytes that only look like pages take little time', async () => {
    // Each of them states a page of 65 kB, whose checksum is wrong.
    const header = new Uint8Array(32).fill(255)
    header.set([0x4f, 0x67, 0x67, 0x53, 0])
    const bytes = new Uint8Array(2 ** 21)
    bytes.set(vorbisFile)
    for (let at = vorbisFile.length; at < bytes.length - 32; at += 32) bytes.set(header, at)
    const ms = await cpuMs(() => expect(readOggVorbis(bytes, true).info.frames).toBe(1600))
    expect(ms).toBeLessThan(1000)
  })
})
