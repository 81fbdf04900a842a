import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { join, pagesOf } from '../fixtures/ogg-pages.js'
import { readOggVorbis } from './ogg.js'

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)))
const mono = fixture('mono-vorbis.ogg')

describe('readOggVorbis', () => {
  it.each([
    ['mono-vorbis.ogg', 1],
    ['stereo-vorbis.ogg', 2],
    ['one-page.ogg', 1],
  ])('reads what %s promises', (name, channels) => {
    const { info, decodedFrames } = readOggVorbis(fixture(name))
    const stated = { channels, sampleRate: 16000, frames: 1600, durationSec: 0.1, bitDepth: null }
    expect(info).toEqual({ container: 'ogg', codec: 'vorbis', ...stated })
    expect(decodedFrames).toEqual([1600])
  })

  it('takes checksums computed the slow way', () => {
    expect(readOggVorbis(join(pagesOf(mono))).info.frames).toBe(1600)
  })

  it('CORRUPT_DATA for a file cut anywhere', () => {
    for (let length = 0; length < mono.length; length += 1) {
      expect(() => readOggVorbis(mono.subarray(0, length)), `cut at ${length}`).toThrowError(
        expect.objectContaining({ code: 'CORRUPT_DATA' }),
      )
    }
  })

  it('CORRUPT_DATA for any byte changed', () => {
    for (let i = 0; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      expect(() => readOggVorbis(bytes), `byte ${i}`).toThrowError(
        expect.objectContaining({ code: 'CORRUPT_DATA' }),
      )
    }
  })

  it('CORRUPT_DATA for any page missing, doubled, or out of order', () => {
    const pages = pagesOf(mono)
    for (let i = 0; i < pages.length; i++) {
      const missing = pages.toSpliced(i, 1)
      const doubled = pages.toSpliced(i, 0, pages[i]!)
      for (const broken of i > 0 ? [missing, doubled] : [missing]) {
        expect(() => readOggVorbis(join(broken))).toThrowError(
          expect.objectContaining({ code: 'CORRUPT_DATA' }),
        )
      }
    }
    const swapped = pages.with(2, pages[3]!).with(3, pages[2]!)
    expect(() => readOggVorbis(join(swapped))).toThrowError(expect.objectContaining({ code: 'CORRUPT_DATA' }))
  })

  /** Changes one field of one page, and makes its checksum right again. */
  function patched(page: number, change: (view: DataView) => void): Uint8Array {
    const pages = pagesOf(mono)
    change(new DataView(pages.at(page)!.buffer))
    return join(pages)
  }

  /** Makes the last packet of a page as long as one that goes on on the next. */
  function opened(index: number): Uint8Array {
    const pages = pagesOf(mono)
    const page = pages[index]!
    const last = 26 + page[26]!
    const missing = 255 - page[last]!
    pages[index] = Uint8Array.of(...page.with(last, 255), ...new Uint8Array(missing))
    return join(pages)
  }

  it.each<[string, Uint8Array, RegExp]>([
    ['no end-of-stream flag', patched(-1, (view) => view.setUint8(5, 0)), /no end-of-stream flag/],
    ['pages after the last', patched(-2, (view) => view.setUint8(5, 4)), /follows the page that ends/],
    ['no beginning', patched(0, (view) => view.setUint8(5, 0)), /no beginning-of-stream flag/],
    ['another serial number', patched(2, (view) => view.setUint32(14, 7, true)), /stream 7, expected/],
    [
      'a position that falls',
      patched(-1, (view) => view.setBigInt64(6, 5n, true)),
      /position 5 follows 1152/,
    ],
    ['a packet continued from nowhere', patched(2, (view) => view.setUint8(5, 1)), /continues a packet/],
    ['a packet not continued', opened(2), /the last packet is not continued/],
    ['another Ogg version', patched(1, (view) => view.setUint8(4, 1)), /version 1, expected 0/],
    ['no channels', patched(0, (view) => view.setUint8(28 + 11, 0)), /channels=0/],
    ['a rate of 0', patched(0, (view) => view.setUint32(28 + 12, 0, true)), /at 0 Hz/],
    ['blocks too short', patched(0, (view) => view.setUint8(28 + 28, 0xb5)), /blocks of 32 samples/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readOggVorbis(bytes)).toThrowError(
      expect.objectContaining({ code: 'CORRUPT_DATA', message: expect.stringMatching(message) }),
    )
  })

  it('CORRUPT_DATA for many more packets than samples', () => {
    const pages = pagesOf(mono)
    for (const page of pages) new DataView(page.buffer).setBigInt64(6, 1n, true)
    expect(() => readOggVorbis(join(pages))).toThrowError(
      expect.objectContaining({
        code: 'CORRUPT_DATA',
        message: expect.stringMatching(/packets, and 1 samples/),
      }),
    )
  })

  it('UNSUPPORTED_FORMAT for chained files and other Vorbis versions', () => {
    const chained = join([...pagesOf(mono), ...pagesOf(mono)])
    const version = patched(0, (view) => view.setUint32(28 + 7, 1, true))
    for (const bytes of [chained, version]) {
      expect(() => readOggVorbis(bytes)).toThrowError(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
    }
  })
})
