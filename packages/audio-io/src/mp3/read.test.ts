import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { fixture } from '../../fixtures/load.js'
import { mp3 } from '../codecs/mp3.js'
import { decodeCompressed } from '../compressed.js'
import { withoutTags } from '../tags.js'
import { readMp3Header } from './frames.js'
import { readMp3 } from './read.js'

const text = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0))
const tagged = fixture('mono-cbr.mp3')
const stream = withoutTags(tagged)
const bare = fixture('bare-cbr.mp3')
const FRAME = 144

describe('readMp3Header', () => {
  // ISO/IEC 11172-3 and 13818-3: 144 (72) * bit rate / sample rate, rounded down, and a byte of padding.
  test.each([
    [[0xff, 0xfb, 0x90, 0x00], { length: 417, samples: 1152, sampleRate: 44100, channels: 2 }],
    [[0xff, 0xfb, 0x92, 0xc0], { length: 418, samples: 1152, sampleRate: 44100, channels: 1 }],
    [[0xff, 0xfa, 0xe4, 0x40], { length: 960, samples: 1152, sampleRate: 48000, channels: 2 }],
    [[0xff, 0xfb, 0x18, 0xc0], { length: 144, samples: 1152, sampleRate: 32000, channels: 1 }],
    [[0xff, 0xf3, 0x80, 0xc0], { length: 208, samples: 576, sampleRate: 22050, channels: 1 }],
    [[0xff, 0xf3, 0xe8, 0x00], { length: 720, samples: 576, sampleRate: 16000, channels: 2 }],
    [[0xff, 0xe3, 0x10, 0xc0], { length: 52, samples: 576, sampleRate: 11025, channels: 1 }],
    [[0xff, 0xe3, 0x18, 0xc0], { length: 72, samples: 576, sampleRate: 8000, channels: 1 }],
  ])('%o', (bytes, expected) => {
    expect(readMp3Header(Uint8Array.from(bytes), 0)).toEqual(expected)
  })
})

describe('readMp3', () => {
  const stated = { container: 'mp3', codec: 'mp3', bitDepth: null }

  test('reads a file with a LAME tag', () => {
    const { info, streams } = readMp3(tagged)
    const length = { frames: 1600, durationSec: 0.1 }
    expect(info).toEqual({ ...stated, sampleRate: 16000, channels: 1, ...length })
    const payload = tagged.subarray(tagged.length - 5 * FRAME)
    const [least, most] = [5 * 576, 5 * 576]
    expect(streams).toEqual([{ payload, least, most, skip: 576 + 529, frames: 1600, gain: 1 }])
  })

  test('counts the frames of a file without an info frame', () => {
    const { info, streams } = readMp3(bare)
    const length = { frames: 2880, durationSec: 0.18 }
    expect(info).toEqual({ ...stated, sampleRate: 16000, channels: 1, ...length })
    expect(streams).toEqual([{ payload: bare, least: 2880, most: 2880, skip: 0, frames: 2880, gain: 1 }])
  })

  test('CORRUPT_DATA for a file that is cut anywhere; a cut between two frames gives a warning if the header counts them', () => {
    const sound = tagged.length - 5 * FRAME
    for (let length = 0; length < tagged.length; length++) {
      const read = () => readMp3(tagged.subarray(0, length))
      const count = (length - sound) / FRAME
      // The first frame holds only the encoder's delay.
      if (Number.isInteger(count) && count > 1) {
        expect(read().warnings).toEqual([
          expect.stringContaining(`the file has ${count} frames, its header states 5`),
        ])
      } else {
        expect(read, `cut at ${length}`).toThrow(throwsCode('CORRUPT_DATA'))
      }
    }
  })

  test('CORRUPT_DATA for a file without an info frame that is cut anywhere inside a frame', () => {
    for (let length = 1; length < bare.length; length++) {
      const read = () => readMp3(bare.subarray(0, length)).info.frames
      if (length % FRAME === 0) expect(read()).toBe((length / FRAME) * 576)
      else expect(read, `cut at ${length}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  const vbri = Uint8Array.of(...bare.subarray(0, 36), ...text('VBRI'), ...new Uint8Array(FRAME - 40), ...bare)
  test('skips a VBRI frame', () => {
    const whole = vbri.with(36 + 17, 5)
    const { info, streams } = readMp3(whole)
    expect(info.frames).toBe(2880)
    expect(streams[0]!.payload).toEqual(bare)
    const wrong = readMp3(vbri.with(36 + 17, 6))
    expect(wrong.info.frames).toBe(2880)
    expect(wrong.warnings).toEqual([expect.stringMatching(/the file has 5 frames, its header states 6/)])
  })

  const at = (offset: number, ...bytes: number[]) => {
    const out = stream.slice()
    out.set(bytes, offset)
    return out
  }
  // The info frame's fields: 4 bytes of header, 9 of side information, then name, flags and number of frames.
  const INFO = 4 + 9
  const SOUND = stream.length - 5 * FRAME
  test.each<[string, Uint8Array, RegExp]>([
    ['no frames at all', text('TAG'.padEnd(128)), /no frame after the tags/],
    ['the info frame alone', stream.subarray(0, SOUND), /no frame of sound/],
    ['no sync in the middle', at(SOUND + 2 * FRAME, 0), /frame 2: there is no frame header/],
    ['another rate in the middle', at(SOUND + 2 * FRAME + 2, 0x40), /frame 2 has 1 channels at 22050 Hz/],
    ['stereo in the middle', at(SOUND + 2 * FRAME + 3, 0), /frame 2 has 2 channels/],
    ['more padding than sound', at(INFO + 120 + 21, 0xff, 0xff, 0xff), /are padding/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readMp3(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })
})

describe('withoutTags', () => {
  const id3 = (size: number, flags = 0) =>
    Uint8Array.of(...text('ID3\x04\0'), flags, 0, 0, size >> 7, size & 127, ...new Uint8Array(size))
  const id3v1 = text('TAG'.padEnd(128))
  /** An item area of `size` bytes between a header, if any, and a footer. */
  const ape = (size: number, hasHeader: boolean) => {
    const end = new Uint8Array(32)
    end.set(text('APETAGEX'))
    const view = new DataView(end.buffer)
    view.setUint32(12, size + 32, true)
    view.setUint32(20, hasHeader ? 0x80000000 : 0, true)
    return Uint8Array.of(...(hasHeader ? end : []), ...new Uint8Array(size), ...end)
  }

  test.each<[string, Uint8Array, Uint8Array]>([
    ['no tag', new Uint8Array(0), new Uint8Array(0)],
    ['ID3v2', id3(300), new Uint8Array(0)],
    ['two ID3v2', Uint8Array.of(...id3(5), ...id3(200)), new Uint8Array(0)],
    ['ID3v2 with a footer', Uint8Array.of(...id3(9, 0x10), ...new Uint8Array(10)), new Uint8Array(0)],
    ['ID3v1', new Uint8Array(0), id3v1],
    ['APE', new Uint8Array(0), ape(77, false)],
    ['APE with a header, then ID3v1', id3(1), Uint8Array.of(...ape(77, true), ...id3v1)],
  ])('%s', (_, before, after) => {
    expect(withoutTags(Uint8Array.of(...before, ...bare, ...after))).toEqual(bare)
  })

  test('is empty if a tag states more bytes than the file has', () => {
    expect(withoutTags(id3(300).subarray(0, 200))).toHaveLength(0)
    expect(withoutTags(ape(77, true).subarray(50))).toHaveLength(0)
  })
})

describe('what stands around the frames', () => {
  test.each<[string, Uint8Array]>([
    ['zeros before', Uint8Array.of(...new Uint8Array(3000), ...bare)],
    ['the end of a frame before', Uint8Array.of(...bare.subarray(100, FRAME), ...bare)],
    ['zeros after', Uint8Array.of(...bare, ...new Uint8Array(3000))],
    [
      'zeros between a tag and the frames',
      Uint8Array.of(...text('ID3\x04\0\0\0\0\0\x05'), ...new Uint8Array(9), ...bare),
    ],
  ])('%s is skipped', (_, bytes) => {
    const { streams, warnings } = readMp3(bytes)
    expect(streams[0]!.payload).toEqual(bare)
    expect(warnings).toEqual([])
  })

  test.each<[string, Uint8Array, RegExp]>([
    [
      'more than 4096 bytes before',
      Uint8Array.of(...new Uint8Array(5000), ...bare),
      /no frame after the tags/,
    ],
    ['a damaged info frame before', stream.with(0, 0), /info frame is damaged/],
    ['anything but zeros after', Uint8Array.of(...bare, 0, 0, 1), /frame 5: there is no frame header/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readMp3(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })
})

describe('tolerant readMp3', () => {
  const withJunk = Uint8Array.of(...bare.subarray(0, 2 * FRAME), ...text('junk'), ...bare.subarray(2 * FRAME))
  const changed = bare.with(3 * FRAME, 0)
  test.each<[string, Uint8Array, number, string[]]>([
    ['nothing wrong', tagged, 5, []],
    [
      'junk between frames',
      withJunk,
      5,
      ['4 bytes in 1 places are no whole frames and were left out, the first at byte 288'],
    ],
    [
      'an incomplete last frame',
      bare.subarray(0, 5 * FRAME - 1),
      4,
      ['143 bytes in 1 places are no whole frames and were left out, the first at byte 576'],
    ],
    [
      'a header without sync',
      changed,
      4,
      ['144 bytes in 1 places are no whole frames and were left out, the first at byte 432'],
    ],
    [
      'fewer frames than stated',
      stream.subarray(0, stream.length - FRAME),
      4,
      [expect.stringMatching(/the file has 4 frames, its header states 5/) as string],
    ],
    [
      'junk before',
      Uint8Array.of(...new Uint8Array(5000).fill(1), ...bare),
      5,
      ['5000 bytes before the first frame were left out'],
    ],
    [
      'a tag that states the whole file',
      Uint8Array.of(...text('ID3\x04\0\0\x7f\x7f\x7f\x7f'), ...bare),
      5,
      ['10 bytes before the first frame were left out'],
    ],
  ])('%s', (_, bytes, frames, expected) => {
    const { streams, warnings } = readMp3(bytes, true)
    expect(streams[0]!.payload).toHaveLength(frames * FRAME)
    expect(warnings).toEqual(expected)
  })

  test('CORRUPT_DATA if there is no frame at all', () => {
    expect(() => readMp3(text('no sound here'), true)).toThrow(
      throwsCode('CORRUPT_DATA', /no frame after the tags/),
    )
  })

  test('decodes the remaining frames', async () => {
    const [whole] = (await decodeCompressed(readMp3(bare), mp3, {})).channels
    const { channels, warnings } = await decodeCompressed(readMp3(changed, true), mp3, { tolerant: true })
    expect(warnings).toHaveLength(1)
    expect(channels[0]).toHaveLength(4 * 576)
    expect(channels[0]!.subarray(0, 3 * 576)).toEqual(whole!.subarray(0, 3 * 576))
  })
})

describe('MP3 decoded', () => {
  test('trims the padding that the LAME tag states, and nothing without a tag', async () => {
    const [trimmed] = (await decodeCompressed(readMp3(tagged), mp3, {})).channels
    const [whole] = (await decodeCompressed(readMp3(bare), mp3, {})).channels
    expect(whole).toHaveLength(2880)
    expect(trimmed).toEqual(whole!.slice(1105, 1105 + 1600))
  })
})
