import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { fixture } from '../../fixtures/load.js'
import { join, pagesOf } from '../../fixtures/ogg-pages.js'
import { expectSame } from '../../fixtures/tools.js'
import { oggPackets, readOggPackets, readOggPages } from './pages.js'
import { noEnd } from './positions.js'
import { writeOgg } from './repair.js'
import { readOggVorbis } from './vorbis.js'

const mono = fixture('mono-vorbis.ogg')

describe('readOggVorbis', () => {
  test.each([
    ['mono-vorbis.ogg', 1],
    ['stereo-vorbis.ogg', 2],
    ['one-page.ogg', 1],
  ])('reads the headers of %s', (name, channels) => {
    const { info, streams, warnings } = readOggVorbis(fixture(name))
    const stated = { channels, sampleRate: 16000, frames: 1600, durationSec: 0.1, bitDepth: null }
    expect(info).toEqual({ container: 'ogg', codec: 'vorbis', ...stated })
    expect(streams).toMatchObject([{ least: 1600, skip: 0, frames: 1600, gain: 1 }])
    expect(warnings).toEqual([])
  })

  test('accepts checksums that were computed bit by bit', () => {
    expect(readOggVorbis(join(pagesOf(mono))).info.frames).toBe(1600)
  })

  test('CORRUPT_DATA for a file that is cut anywhere; a cut between two pages with sound gives a warning', () => {
    const ends = new Set([3, 4, 5].map((count) => join(pagesOf(mono).slice(0, count)).length))
    for (let length = 0; length < mono.length; length += 1) {
      const read = () => readOggVorbis(mono.subarray(0, length))
      if (ends.has(length)) expect(read().warnings, `cut at ${length}`).toEqual([noEnd])
      else {
        expect(read, `cut at ${length}`).toThrow(throwsCode('CORRUPT_DATA'))
      }
    }
  })

  test('CORRUPT_DATA if any byte is changed', () => {
    for (let i = 0; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      expect(() => readOggVorbis(bytes), `byte ${i}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test('CORRUPT_DATA if any page is missing, doubled, or out of order', () => {
    const pages = pagesOf(mono)
    for (let i = 0; i < pages.length; i++) {
      const missing = pages.toSpliced(i, 1)
      const doubled = pages.toSpliced(i, 0, pages[i]!)
      const isLast = i === pages.length - 1
      if (isLast) expect(readOggVorbis(join(missing)).warnings).toEqual([noEnd])
      for (const broken of i === 0 ? [missing] : isLast ? [doubled] : [missing, doubled]) {
        expect(() => readOggVorbis(join(broken))).toThrow(throwsCode('CORRUPT_DATA'))
      }
    }
    const swapped = pages.with(2, pages[3]!).with(3, pages[2]!)
    expect(() => readOggVorbis(join(swapped))).toThrow(throwsCode('CORRUPT_DATA'))
  })

  /** Changes one field of one page, and makes its checksum right again. */
  function patched(page: number, change: (view: DataView) => void): Uint8Array {
    const pages = pagesOf(mono)
    change(new DataView(pages.at(page)!.buffer))
    return join(pages)
  }

  /** Lengthens the last packet of a page, so that it must continue on the next page. */
  function opened(index: number): Uint8Array {
    const pages = pagesOf(mono)
    const page = pages[index]!
    const last = 26 + page[26]!
    const missing = 255 - page[last]!
    pages[index] = Uint8Array.of(...page.with(last, 255), ...new Uint8Array(missing))
    return join(pages)
  }

  test.each<[string, Uint8Array, RegExp]>([
    ['pages after the last', patched(-2, (view) => view.setUint8(5, 4)), /follows the page that ends/],
    ['no beginning', patched(0, (view) => view.setUint8(5, 0)), /no beginning-of-stream flag/],
    [
      'another serial number',
      patched(2, (view) => view.setUint32(14, 7, true)),
      /it belongs to stream 7, expected/,
    ],
    [
      'a position that falls',
      patched(-1, (view) => view.setBigInt64(6, 5n, true)),
      /page 5 states sample 5 as its end, its packets end at 1664/,
    ],
    ['a packet continued from nowhere', patched(2, (view) => view.setUint8(5, 1)), /continues a packet/],
    ['a packet not continued', opened(2), /it does not continue the last packet/],
    ['another Ogg version', patched(1, (view) => view.setUint8(4, 1)), /its version is 1, expected 0/],
    ['no channels', patched(0, (view) => view.setUint8(28 + 11, 0)), /channels=0/],
    ['a rate of 0', patched(0, (view) => view.setUint32(28 + 12, 0, true)), /at 0 Hz/],
    ['blocks too short', patched(0, (view) => view.setUint8(28 + 28, 0xb5)), /blocks of 32 and 2048 samples/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readOggVorbis(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test('CORRUPT_DATA for many more packets than samples', () => {
    const pages = pagesOf(mono)
    for (const page of pages) new DataView(page.buffer).setBigInt64(6, 1n, true)
    expect(() => readOggVorbis(join(pages))).toThrow(
      throwsCode('CORRUPT_DATA', /page 5 states sample 1 as its end, its packets end at 1664/),
    )
  })

  test('CORRUPT_DATA for a position that is more than a packet beyond the packets', () => {
    expect(readOggVorbis(patched(-1, (view) => view.setBigInt64(6, 1700n, true))).info.frames).toBe(1664)
    const beyond = patched(-1, (view) => view.setBigInt64(6, 4000n, true))
    expect(() => readOggVorbis(beyond)).toThrow(
      throwsCode('CORRUPT_DATA', /page 5 states sample 4000 as its end, its packets end at 1664/),
    )
  })

  test('reads chained files of the same rate and number of channels', () => {
    const { info, streams } = readOggVorbis(Uint8Array.of(...mono, ...fixture('one-page.ogg')))
    expect(info).toMatchObject({ frames: 3200, durationSec: 0.2, channels: 1 })
    expect(streams.map(({ payload }) => payload)).toEqual([mono, fixture('one-page.ogg')])
  })

  test.each<[string, Uint8Array, RegExp]>([
    [
      'mono and stereo chained',
      Uint8Array.of(...mono, ...fixture('stereo-vorbis.ogg')),
      /a stream of 1 channels at 16000 Hz is chained with one of 2 at/,
    ],
    ['multiplexed', join([pagesOf(mono)[0]!, ...pagesOf(mono)]), /begins another logical stream/],
    ['another Vorbis version', patched(0, (view) => view.setUint32(28 + 7, 1, true)), /version 1/],
  ])('UNSUPPORTED_FORMAT: %s', (_, bytes, message) => {
    expect(() => readOggVorbis(bytes)).toThrow(throwsCode('UNSUPPORTED_FORMAT', message))
  })
})

describe('readOggPackets', () => {
  test('joins packets that span several pages, and leaves out incomplete ones', () => {
    const sizes = [30, 255, 70_000, 0, 510]
    const packets = sizes.map((size, i) => new Uint8Array(size).fill(i + 1))
    const bytes = writeOgg(packets)
    const pages = readOggPages(bytes)
    expect(pages.map((page) => page.packets)).toEqual([1, 1, 0, 1, 1, 1])
    expectSame(readOggPackets(bytes, pages), packets)
    expectSame(Array.from(oggPackets(bytes, pages.toSpliced(2, 1))), packets.toSpliced(2, 1))
    expectSame(Array.from(oggPackets(bytes, pages.toSpliced(3, 1))), packets.toSpliced(2, 1))
  })

  test('UNSUPPORTED_FORMAT for chained files, which have several lists of pages', () => {
    expect(() => readOggPages(join([...pagesOf(mono), ...pagesOf(mono)]))).toThrow(
      throwsCode('UNSUPPORTED_FORMAT'),
    )
  })
})
