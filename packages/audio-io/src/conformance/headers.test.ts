/**
 * Sets every size and count in a header to values that recorders leave there, and to values that are wrong by one,
 * and checks the sound. The expected results are those of ffmpeg 5.1 and libsndfile 1.2. Where the two differ, or
 * both are wrong, a comment says so. The size of a container, and every other field that the samples do not depend
 * on, must change nothing.
 */

import { expect, test } from 'vitest'
import { decodeAll } from '../../fixtures/decode-all.js'
import { fixture } from '../../fixtures/load.js'
import { join as joinPages, pagesOf } from '../../fixtures/ogg-pages.js'
import { chunk, concat, fmt, rf64, riff, text, u32 } from '../../fixtures/riff.js'
import { expectSame } from '../../fixtures/tools.js'

/** The intact file's samples, without or with a warning; another length, without or with a warning; or an error. */
type Expected = 'same' | 'warned' | number | [number, 'warned'] | RegExp
/**
 * For the values 0, 1, 0x7fffffff, 0xffffffff (cut to the size of the field), one less than the right value, and one
 * more.
 */
type Row = [Expected, Expected, Expected, Expected, Expected, Expected]

interface Field {
  name: string
  at: number
  width: number
  littleEndian?: boolean
  row: Row
}

function readField(bytes: Uint8Array, { at, width, littleEndian }: Field): number {
  const field = Array.from(bytes.subarray(at, at + width))
  return (littleEndian ? field.reverse() : field).reduce((sum, byte) => sum * 256 + byte, 0)
}

function writeField(bytes: Uint8Array, { at, width, littleEndian }: Field, value: number): Uint8Array {
  const out = bytes.slice()
  for (let i = 0; i < width; i++) {
    out[at + (littleEndian ? i : width - 1 - i)] = Math.floor(value / 256 ** i) % 256
  }
  return out
}

const intact = new Map<Uint8Array, Float32Array[]>()

async function expectOutcome(
  what: string,
  file: Uint8Array,
  changed: Uint8Array,
  expected: Expected,
): Promise<void> {
  const whole = intact.get(file) ?? (await decodeAll(file)).channels
  intact.set(file, whole)
  const { channels, warnings, error, disagreement } = await decodeAll(changed)
  expect(disagreement, what).toBeNull()
  if (expected instanceof RegExp) {
    expect(error, what).toMatchObject({ message: expect.stringMatching(expected) })
    return
  }
  expect(error, what).toBeNull()
  const isWarned = expected === 'warned' || Array.isArray(expected)
  expect(warnings.length > 0, `${what}: ${warnings}`).toBe(isWarned)
  if (typeof expected === 'string') expectSame(channels, whole, what)
  else {
    const frames = Array.isArray(expected) ? expected[0] : expected
    expect(channels[0]!.length, what).toBe(frames)
    const common = Math.min(frames, whole[0]!.length)
    // A wrong delay trims the start in another way; then only the end is the same.
    if (!what.includes('delay'))
      expectSame([channels[0]!.subarray(0, common)], [whole[0]!.subarray(0, common)], what)
  }
}

async function expectRow(
  file: Uint8Array,
  field: Field,
  repair = (bytes: Uint8Array) => bytes,
): Promise<void> {
  const truth = readField(file, field)
  const values = [0, 1, 0x7fffffff, 0xffffffff, truth - 1, truth + 1]
  for (const [i, value] of values.entries()) {
    if (value < 0) continue
    const changed = repair(writeField(file, field, Math.min(value, 256 ** field.width - 1)))
    await expectOutcome(`${field.name} ${truth} -> ${value}`, file, changed, field.row[i]!)
  }
}

const same: Row = ['same', 'same', 'same', 'same', 'same', 'same']
const every = (pattern: RegExp): Row => [pattern, pattern, pattern, pattern, pattern, pattern]
const at = (bytes: Uint8Array, id: string) => Buffer.from(bytes).indexOf(id, 0, 'latin1')
const noise = (length: number, seed = 7) =>
  Uint8Array.from({ length }, (_, i) => (i * i * 31 + seed * i + 90) % 256)

const cut = /the file was cut short/
// ffmpeg and libsndfile drop an incomplete frame in silence; here `tolerant` drops it with a warning.
const part = /not a multiple of the block align/
const dataRow: Row = ['warned', part, 'warned', 'warned', part, cut]

const wav = riff(fmt(), chunk('data', noise(400)))
const wavWithTail = riff(fmt(), chunk('data', noise(400)), chunk('LIST', text('INFOISFT\x04\0\0\0Lavf')))
const le = { width: 4, littleEndian: true }

test.each<[string, Uint8Array]>([
  ['WAV', wav],
  ['WAV with a chunk after the samples', wavWithTail],
])('%s', async (_, file) => {
  await expectRow(file, { name: 'RIFF size', at: 4, ...le, row: same })
  // ffmpeg also accepts a "fmt " of 15 bytes; libsndfile accepts none of these sizes.
  await expectRow(file, { name: 'fmt size', at: 16, ...le, row: every(/WAV: /) })
  await expectRow(file, { name: 'byte rate', at: 28, ...le, row: same })
  const align = /blockAlign=\d+, expected 1 channels of 2 bytes/
  await expectRow(file, {
    ...{ name: 'block align', at: 32, width: 2, littleEndian: true },
    row: ['warned', align, align, align, align, align],
  })
  const row: Row = file === wav ? dataRow : ['warned', part, 'warned', 'warned', part, part]
  await expectRow(file, { name: 'data size', at: at(file, 'data') + 4, ...le, row })
})

test.each(['RF64', 'BW64'])('%s', async (id) => {
  const file = rf64(id, 400n, fmt(), chunk('data', noise(400), 0xffffffff))
  const le64 = { width: 8, littleEndian: true }
  await expectRow(file, { name: 'ds64 size', at: 16, ...le, row: every(/WAV: /) })
  await expectRow(file, { name: 'RIFF size in ds64', at: 20, ...le64, row: same })
  await expectRow(file, { name: 'data size in ds64', at: 28, ...le64, row: dataRow })
  await expectRow(file, { name: 'samples in ds64', at: 36, ...le64, row: same })
  // Its right size is in ds64, and both readers use that one.
  const stated: Field = { name: 'data size', at: at(file, 'data') + 4, ...le, row: same }
  await expectRow(writeField(file, stated, 400), stated)
})

test.each(['AIFF', 'AIFC'])('%s', async (type) => {
  const rate = [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]
  const common = Uint8Array.of(
    0,
    1,
    0,
    0,
    0,
    200,
    0,
    16,
    ...rate,
    ...(type === 'AIFC' ? text('NONE\0\0') : []),
  )
  const sound = chunk('SSND', concat(new Uint8Array(8), noise(400)), undefined, false)
  const body = concat(text(type), chunk('COMM', common, undefined, false), sound)
  const file = concat(text('FORM'), u32(body.length, false), body)
  await expectRow(file, { name: 'FORM size', at: 4, width: 4, row: same })
  const row: Row = ['warned', 'warned', 'warned', 'warned', 'warned', /need 402 bytes/]
  // Both readers use SSND alone. A larger count may mean that the file was cut.
  await expectRow(file, { name: 'frames', at: 22, width: 4, row })
  const size: Row = ['warned', /has 1 bytes/, 'warned', 'warned', /need 400 bytes/, cut]
  await expectRow(file, { name: 'SSND size', at: at(file, 'SSND') + 4, width: 4, row: size })
})

test('FLAC', async () => {
  const file = fixture('mono-s24.flac')
  await expectRow(file, { name: 'least block', at: 8, width: 2, row: same })
  // ffmpeg refuses 0, 1 and 63, libsndfile reads them.
  const block: Row = ['warned', 'warned', 'same', 'same', 'warned', 'same']
  await expectRow(file, { name: 'largest block', at: 10, width: 2, row: block })
  await expectRow(file, { name: 'least frame', at: 12, width: 3, row: same })
  await expectRow(file, { name: 'largest frame', at: 15, width: 3, row: same })
  // 0 means "unknown" in RFC 9639. The other values contradict the frames: ffmpeg trusts the frames, libsndfile the
  // header.
  const more = /FLAC: frame \d ends at sample \d+, but the sound has/
  const total: Row = [
    'same',
    more,
    'warned',
    'warned',
    more,
    /ends after 200 samples, expected 201: it was cut short/,
  ]
  await expectRow(file, { name: 'total samples', at: 22, width: 4, row: total })
  await expectRow(file, { name: 'MD5', at: 26, width: 4, row: same })
})

test('MP3', async () => {
  const file = fixture('mono-cbr.mp3')
  const tag = at(file, 'Info')
  const warned: Row = ['warned', 'warned', 'warned', 'warned', 'warned', 'warned']
  // If the count is too large, or 0, ffmpeg keeps the padding at the end; the frames are the same.
  await expectRow(file, { name: 'frames', at: tag + 8, width: 4, row: warned })
  await expectRow(file, { name: 'bytes', at: tag + 12, width: 4, row: same })
  // The lengths equal ffmpeg's. But a delay of more than the whole sound is an error here.
  const view = new DataView(file.buffer, file.byteOffset + tag + 141, 3)
  const pair = view.getUint16(0) * 256 + view.getUint8(2)
  const [start, end] = [pair >> 12, pair & 0xfff]
  const delays: [number, number, Expected][] = [
    ...(
      [
        [0, 2176],
        [1, 2175],
        [start - 1, 1601],
        [start + 1, 1599],
        [0xfff, /are padding/],
      ] as const
    ).map(([value, expected]): [number, number, Expected] => [value, end, expected]),
    ...(
      [
        [0, 1775],
        [1, 1775],
        [end - 1, 1601],
        [end + 1, 1599],
        [0xfff, /are padding/],
      ] as const
    ).map(([value, expected]): [number, number, Expected] => [start, value, expected]),
  ]
  for (const [delay, padding, expected] of delays) {
    const changed = writeField(file, { name: '', at: tag + 141, width: 3, row: same }, delay * 4096 + padding)
    await expectOutcome(`delay ${delay}, padding ${padding}`, file, changed, expected)
  }
})

/** The offset of a field of a page in the file. */
const inPage = (file: Uint8Array, page: number, offset: number) =>
  pagesOf(file)
    .slice(0, page)
    .reduce((sum, { length }) => sum + length, offset)
const repair = (bytes: Uint8Array) => joinPages(pagesOf(bytes))

test.each<[string, string, number, number]>([
  ['Vorbis', 'mono-vorbis.ogg', 1600, 1664],
  ['Opus', 'mono-opus.opus', 2400, 2568],
])('Ogg %s', async (codec, name, frames, given) => {
  const file = fixture(name)
  const pages = pagesOf(file)
  const last = pages.length - 1
  // Positions in the middle must change nothing. libsndfile drops sound if the first one is wrong; ffmpeg drops Opus
  // at the end.
  const middle: Row = ['same', 'same', 'warned', 'warned', 'same', 'same']
  for (const page of [2, 3]) {
    await expectRow(
      file,
      { name: `position of page ${page}`, at: inPage(file, page, 6), ...le, row: middle },
      repair,
    )
    const numbered = /it is numbered \d+, expected \d+: a page is missing/
    const row: Row = [numbered, numbered, numbered, numbered, numbered, numbered]
    await expectRow(file, { name: `number of page ${page}`, at: inPage(file, page, 18), ...le, row }, repair)
  }
  const all: Expected = [given, 'warned']
  const row: Row = [
    all,
    new RegExp(`page ${last} states sample 1 as its end, its packets end at`),
    all,
    all,
    frames - 1,
    frames + 1,
  ]
  await expectRow(file, { name: 'last position', at: inPage(file, last, 6), ...le, row }, repair)
  const flags: [string, number, (flags: number) => number, Expected][] = [
    // libsndfile also trims the end of Vorbis here, and loses a packet of Opus.
    ['no end of stream', last, () => 0, all],
    ['an early end of stream', 2, () => 4, /it follows the page that ends the stream/],
    ['no beginning of stream', 0, () => 0, /no beginning-of-stream flag: the start of the file is missing/],
    ['a second beginning of stream', 3, () => 2, /multiplexed files are not supported/],
  ]
  for (const [what, page, change, expected] of flags) {
    const changed = pages.map((bytes, i) => (i === page ? bytes.with(5, change(bytes[5]!)) : bytes))
    await expectOutcome(`${codec}: ${what}`, file, joinPages(changed), expected)
  }
})

/** Moves the positions of all pages with sound, and their numbers. */
function moved(file: Uint8Array, positions: number, numbers: number, isHeaderMoved = true): Uint8Array {
  return joinPages(
    pagesOf(file).map((page) => {
      const view = new DataView(page.buffer)
      const position = view.getBigInt64(6, true)
      if (position > 0n) view.setBigInt64(6, position + BigInt(positions), true)
      if (position > 0n || isHeaderMoved) view.setUint32(18, view.getUint32(18, true) + numbers, true)
      return page
    }),
  )
}

test.each<[string, number, number]>([
  ['mono-vorbis.ogg', 0, 0],
  ['mono-opus.opus', 0, 0],
  ['stereo-flac.oga', 0, 0],
  // All of their sound is on one page. The first number is the trimmed length, the second the untrimmed one.
  ['one-page.ogg', 1600, 1664],
  ['stereo-opus.opus', 1440, 1608],
])('reads a captured stream that begins late: %s', async (name, frames, given) => {
  const file = fixture(name)
  for (const late of [1, 100, 7000, 3600 * 48000, 2 ** 40]) {
    // On a single page, a late position trims less of the end.
    const result = given === 0 ? 'same' : Math.min(frames + late, given)
    await expectOutcome(`${late} samples late`, file, moved(file, late, 0), result)
  }
  await expectOutcome('pages are numbered from 7', file, moved(file, 0, 7), 'same')
})

test.each(['mono-vorbis.ogg', 'mono-opus.opus'])(
  'reads headers and then pages from the middle: %s',
  async (name) => {
    const file = fixture(name)
    await expectOutcome('captured', file, moved(file, 10 ** 6, 500, false), 'warned')
    await expectOutcome('pages lost', file, moved(file, 0, 500, false), /pages are missing after the headers/)
    await expectOutcome('one page lost', file, moved(file, 10 ** 6, 1, false), /a page is missing/)
  },
)

test('drops samples from the start of Vorbis if all positions are too small, as libvorbisfile does', async () => {
  const file = fixture('mono-vorbis.ogg')
  const whole = (await decodeAll(file)).channels[0]!
  // ffmpeg 5.1 keeps them.
  expect((await decodeAll(moved(file, -100, 0))).channels[0]).toEqual(whole.subarray(100))
})

test('reads FLAC in Ogg without an end of stream, with a warning', async () => {
  const file = fixture('stereo-flac.oga')
  const pages = pagesOf(file)
  await expectOutcome('no end', file, joinPages(pages.with(-1, pages.at(-1)!.with(5, 0))), 'warned')
})
