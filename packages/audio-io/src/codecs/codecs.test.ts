import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { join as joinPages, pagesOf, repairChecksums } from '../../fixtures/ogg-pages.js'
import {
  decodeToFloat,
  deinterleave,
  expectSame,
  ffmpeg,
  floatsOf,
  hasFfmpeg,
  whySkipped,
  worst,
} from '../../fixtures/tools.js'
import type { DecodedAudio } from '../audio.js'
import type { AudioDecoder, CompressedFile } from '../codecs.js'
import { decodeCompressed } from '../compressed.js'
import { decodeAudio } from '../decode.js'
import { readMp3 } from '../mp3/read.js'
import { readOggOpus } from '../ogg/opus.js'
import { readOggPackets, readOggPages } from '../ogg/pages.js'
import { writeOgg } from '../ogg/repair.js'
import { readOggVorbis } from '../ogg/vorbis.js'
import { lazyCodecs } from './lazy.js'
import { mp3 } from './mp3.js'
import { opus } from './opus.js'
import { vorbis } from './vorbis.js'

const folder = new URL('../../fixtures/', import.meta.url)
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))

const formats: Record<string, { read: (bytes: Uint8Array) => CompressedFile; decode: AudioDecoder }> = {
  ogg: { read: readOggVorbis, decode: vorbis },
  opus: { read: readOggOpus, decode: opus },
  mp3: { read: readMp3, decode: mp3 },
}
function decode(bytes: Uint8Array, name: string): Promise<DecodedAudio> {
  const { read, decode } = formats[name.split('.').at(-1)!]!
  return decodeCompressed(read(bytes), decode, {})
}

// opus-decoder is kept below 0.7.9: from there on, libopus 1.5 computes band energies by a polynomial whose error is
// up to 7.5e-5 of a band's level.
const opusTolerance = 1e-6

describe('compressed fixtures', () => {
  test.each([
    // The references are from ffmpeg 5.1, those of Opus from libopus 1.3. The other codecs differ from them by float
    // rounding.
    ['mono-vorbis.ogg', 1, 16000, 3e-6],
    ['stereo-vorbis.ogg', 2, 16000, 3e-6],
    ['mono-cbr.mp3', 1, 16000, 3e-6],
    ['stereo-vbr.mp3', 2, 32000, 3e-6],
    ['mono-opus.opus', 1, 48000, opusTolerance],
    ['stereo-opus.opus', 2, 48000, opusTolerance],
  ])("%s: every sample of %i channels is ffmpeg's", async (name, count, rate, tolerance) => {
    const { channels, sampleRate } = await decode(fixture(name), name)
    expect(sampleRate).toBe(rate)
    const theirs = deinterleave(new Float32Array(fixture(name.replace(/\.\w+$/, '.f32')).buffer), count)
    expect(worst(channels, theirs)).toBeLessThan(tolerance)
  })

  test.each(['stereo-vorbis.ogg', 'mono-cbr.mp3', 'stereo-opus.opus'])(
    '%s: several files at the same time decode with the same result',
    async (name) => {
      const one = await decode(fixture(name), name)
      const many = await Promise.all(Array.from({ length: 8 }, () => decode(fixture(name), name)))
      for (const audio of many) expect(audio).toEqual(one)
    },
  )

  test.each([
    ['vorbis', 'stereo-vorbis.ogg'],
    ['opus', 'stereo-opus.opus'],
    ['mp3', 'stereo-vbr.mp3'],
  ] as const)('lazyCodecs has the same %s', async (codec, name) => {
    const { read } = formats[name.split('.').at(-1)!]!
    const lazy = await decodeCompressed(read(fixture(name)), lazyCodecs()[codec]!, {})
    expect(lazy).toEqual(await decode(fixture(name), name))
  })

  test.each([
    ['vorbis', vorbis],
    ['opus', opus],
  ])('%s: CORRUPT_DATA for bytes that are no Ogg file', async (_, decoder) => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(99)]) {
      await expect(decoder(bytes).next()).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test('vorbis: CORRUPT_DATA for a packet that libvorbis refuses; tolerant returns the sound around it', async () => {
    const bytes = fixture('mono-vorbis.ogg')
    const packet = readOggPackets(bytes, readOggPages(bytes))[5]!
    // A packet of sound begins with a zero bit.
    bytes[Buffer.from(bytes).indexOf(packet)]! |= 1
    repairChecksums(bytes)
    await expect(decodeAudio(bytes, { codecs: { vorbis } })).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /^Vorbis: packet 5 is no packet of sound: it is damaged$/),
    )
    const { channels, warnings } = await decodeAudio(bytes, { codecs: { vorbis }, tolerant: true })
    expect(channels[0]!.length).toBe(1152)
    expect(warnings).toEqual(['Vorbis: packet 5 is no packet of sound: it is damaged'])
  })

  test('opus: CORRUPT_DATA for a packet that libopus refuses', async () => {
    // The decoder prints the error, and also returns it.
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const bytes = fixture('mono-opus.opus')
    const packets = readOggPackets(bytes, readOggPages(bytes))
    // Two frames of equal length cannot share an odd number of bytes.
    const bad = packets.at(-1)!.slice(0, 100).fill(0xf9, 0, 1)
    const blocks = opus(writeOgg([...packets.slice(0, -1), bad]))
    expect((await blocks.next()).value?.channels[0]).toHaveLength(1920)
    await expect(blocks.next()).rejects.toThrow(throwsCode('CORRUPT_DATA', /OPUS_INVALID_PACKET/))
    vi.restoreAllMocks()
  })
})

describe.skipIf(!hasFfmpeg)(`long files${whySkipped('ffmpeg')}`, () => {
  const libopus = ['-request_sample_fmt', 'flt', '-c:a', 'libopus']
  const long: [name: string, channels: number, encode: string[], decode: string[], tolerance: number][] = [
    ['20s.ogg', 2, [], [], 2e-5],
    ['20s.opus', 2, [], libopus, opusTolerance],
    ['20s.mp3', 2, [], [], 2e-5],
    ['mono.mp3', 1, ['-b:a', '32k'], [], 2e-5],
    ['mono.opus', 1, ['-frame_duration', '60', '-b:a', '256k'], libopus, opusTolerance],
  ]
  const short: [name: string, seconds: number][] = [
    ['half.ogg', 3],
    ...['ogg', 'opus'].flatMap((type): [string, number][] => [
      [`one.${type}`, 1],
      [`two.${type}`, 0.5],
    ]),
  ]

  let temporary = ''
  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), 'audio-io-codecs-'))
    const noise = ['-f', 'lavfi', '-i', 'anoisesrc=c=pink:r=44100:d=20:a=0.5:seed=3']
    ffmpeg(
      ...noise,
      ...long.flatMap(([name, channels, encode]) => ['-ac', `${channels}`, ...encode, join(temporary, name)]),
      ...short.flatMap(([name, seconds]) => ['-t', `${seconds}`, join(temporary, name)]),
    )
    decodeToFloat(long.map(([name, , , decode]) => ({ path: join(temporary, name), decode })))
  }, 300_000)
  afterAll(() => rmSync(temporary, { recursive: true }))

  test.each(long)(
    '%s: decodes block by block as ffmpeg does',
    async (name, count, _encode, _decode, tolerance) => {
      const path = join(temporary, name)
      const theirs = deinterleave(floatsOf(`${path}.f32`), count)
      const bytes = new Uint8Array(readFileSync(path))
      const { read, decode: decoder } = formats[name.split('.').at(-1)!]!
      expect(worst((await decode(bytes, name)).channels, theirs)).toBeLessThan(tolerance)
      let longest = 0
      for await (const { channels } of decoder(read(bytes).streams[0]!.payload)) {
        longest = Math.max(longest, channels[0]!.length)
      }
      // A block takes a few hundred kB.
      expect(longest).toBeLessThan(150_000)
    },
  )

  test('CORRUPT_DATA for Vorbis whose positions state half of its samples', async () => {
    const pages = pagesOf(new Uint8Array(readFileSync(join(temporary, 'half.ogg'))))
    for (const page of pages) {
      const view = new DataView(page.buffer)
      const granule = view.getBigInt64(6, true)
      if (granule > 0n) view.setBigInt64(6, granule / 2n, true)
    }
    await expect(async () => decode(joinPages(pages), 'half.ogg')).rejects.toThrow(throwsCode('CORRUPT_DATA'))
  })

  test.each(['ogg', 'opus'])('%s: chained files decode to the sound of both', async (type) => {
    const [first, second] = ['one', 'two'].map((name) => {
      return new Uint8Array(readFileSync(join(temporary, `${name}.${type}`)))
    })
    const [a] = (await decode(first!, `.${type}`)).channels
    const [b] = (await decode(second!, `.${type}`)).channels
    const joined = await decode(Uint8Array.of(...first!, ...second!), `.${type}`)
    expectSame(joined.channels, [Float32Array.of(...a!, ...b!)])
  })
})
