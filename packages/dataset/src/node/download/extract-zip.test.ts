import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeZip, type ZipEntry } from '../../../fixtures/zip.js'
import { type ExtractZipOptions, extractZip } from './extract-zip.js'

const wanted = /^(audio\/[^/]+\.wav|LICENSE|\.\.\/.*|deep.*)$/
const text = (value: string) => new TextEncoder().encode(value)
const sound = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) >> 3)

let base = ''
let dir = ''

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'esc-zip-'))
  dir = join(base, 'set')
  await mkdir(dir)
})

afterEach(() => rm(base, { recursive: true, force: true }))

async function extract(bytes: Uint8Array, options: Partial<ExtractZipOptions> = {}): Promise<string[]> {
  const archive = join(base, 'set.zip')
  await writeFile(archive, bytes)
  return extractZip(archive, dir, { wanted, maxBytes: 1e6, ...options })
}

/** What lies beside the archive and the folder. */
async function outside(): Promise<string[]> {
  return (await readdir(base)).filter((name) => name !== 'set' && name !== 'set.zip')
}

describe('extractZip', () => {
  test('takes the wanted files, deflated and stored, without the top folder', async () => {
    const events: number[] = []
    const entries: ZipEntry[] = [
      { name: 'top/', data: text(''), stored: true, mode: 0o040755 },
      { name: 'top/LICENSE', data: text('CC') },
      { name: 'top/audio/a.wav', data: sound },
      { name: 'top/audio/b.wav', data: sound, stored: true, mode: 0o100644 },
      { name: 'top/audio/empty.wav', data: text('') },
      { name: 'top/run.sh', data: text('rm'), mode: 0o100755 },
      { name: 'top/audio/a.txt', data: text('no') },
    ]
    const paths = await extract(makeZip(entries, 'a comment'), {
      onProgress: ({ done }) => events.push(done),
    })
    expect(paths).toEqual(['LICENSE', 'audio/a.wav', 'audio/b.wav', 'audio/empty.wav'])
    expect((await readdir(dir, { recursive: true })).sort()).toEqual(['audio', ...paths].sort())
    for (const name of ['a', 'b']) {
      expect(new Uint8Array(await readFile(join(dir, 'audio', `${name}.wav`)))).toEqual(sound)
    }
    expect(events).toEqual([1, 2, 3, 4])
  })

  const wav = (name: string, lies: Partial<ZipEntry> = {}): ZipEntry => ({ name, data: sound, ...lies })
  const zeros = new Uint8Array(1e6)
  test.each<[string, ZipEntry[], RegExp]>([
    ['a path upwards', [wav('top/../../x.wav')], /invalid relative path/],
    ['an absolute path', [wav('/top/audio/a.wav')], /absolute path/],
    ['a drive', [wav('C:/audio/a.wav')], /absolute path/],
    ['a backslash', [wav('top/audio\\..\\a.wav')], /invalid characters/],
    ['a dot as folder', [wav('top/deep/./a.wav')], /"top\/deep\/\.\/a\.wav" is not a safe file name/],
    ['a stream of NTFS', [wav('top/audio/a.txt:b.wav')], /not a safe file name/],
    ['a control character', [wav('top/audio/a\x1b[2J.wav')], /"top\/audio\/a\\u001b\[2J\.wav" is not a safe/],
    ['two top folders', [wav('top/audio/a.wav'), wav('other/audio/b.wav')], /not in one top folder/],
    ['no top folder', [wav('a.wav')], /not in one top folder/],
    ['a link', [wav('top/audio/a.wav', { mode: 0o120777 })], /is a link or a device/],
    ['a device', [wav('top/audio/a.wav', { mode: 0o020666 })], /is a link or a device/],
    ['a name twice', [wav('top/audio/a.wav'), wav('top/audio/a.wav')], /is there twice/],
    ['a name in two cases', [wav('top/audio/a.wav'), wav('top/audio/A.wav')], /is there twice/],
    [
      'one file inside another',
      [wav('top/audio/a.wav'), wav('top/audio/b.wav', { sameAs: 0 })],
      /inside another/,
    ],
    ['encryption', [wav('top/audio/a.wav', { flags: 1 })], /is encrypted/],
    ['another method', [wav('top/audio/a.wav', { method: 12 })], /other than deflate/],
    ['a wrong checksum', [wav('top/audio/a.wav', { crc: 1 })], /CRC-32 of "top\/audio\/a\.wav" is wrong/],
    ['more bytes than it says', [wav('top/audio/a.wav', { data: zeros, size: 1000 })], /too many bytes/],
    ['fewer bytes than it says', [wav('top/audio/a.wav', { size: 6000 })], /not enough bytes/],
    ['a huge file', [wav('top/audio/a.wav', { size: 2 ** 32 - 2 })], /claims 4294967294 bytes/],
    ['bytes that are not deflated', [wav('top/audio/a.wav', { stored: true, method: 8 })], /not a sound zip/],
  ])('refuses %s', async (_name, entries, message) => {
    const work = extract(makeZip(entries))
    await expect(work).rejects.toThrow(throwsCode('CORRUPT_DATA', message))
    await expect(work).rejects.toThrow(join(base, 'set.zip'))
    expect(await outside()).toEqual([])
    // Nothing of the file that is refused; of the one before it, perhaps.
    const written = await readdir(dir, { recursive: true })
    expect(written.filter((name) => !['audio', 'deep', 'audio/a.wav'].includes(name))).toEqual([])
    if (entries.length === 1) expect(written).not.toContain('audio/a.wav')
  })

  test('refuses a bomb before it writes a byte: by the limit, and by the ratio', async () => {
    const bomb = makeZip([wav('top/audio/a.wav', { data: zeros }), wav('top/audio/b.wav', { data: zeros })])
    await expect(extract(bomb)).rejects.toMatchObject({ code: 'INVALID_INPUT', detail: { bytes: 2e6 } })
    await expect(extract(bomb, { maxBytes: 1e9 })).rejects.toThrow(
      /exceeds the limit of \d+ \(maxBytes=1000000000, 100 ×/,
    )
    expect(await readdir(dir)).toEqual([])
  })

  test('refuses what is no archive, or half of one, wherever it is cut', async () => {
    await expect(extract(text('<html>rate limit</html>'))).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    await expect(extract(text(''))).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    const whole = makeZip([wav('top/LICENSE'), wav('top/audio/a.wav')])
    for (let length = 1; length < whole.length; length += 97) {
      await expect(extract(whole.subarray(0, length))).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    }
    // The end is there, but the directory it speaks of is not.
    const gap = Buffer.concat([whole.subarray(0, -150), whole.subarray(-22)])
    await expect(extract(gap)).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    expect(await readdir(dir)).toEqual([])
  })

  test('survives every single damaged byte: an error of ours, or the right files', async () => {
    const whole = makeZip([
      wav('top/LICENSE', { data: text('licence') }),
      wav('top/audio/a.wav', { data: text('sound') }),
    ])
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x41
      const outcome = await extract(damaged).catch((error) => error.code)
      if (Array.isArray(outcome)) {
        for (const path of outcome) {
          const expected = path === 'LICENSE' ? 'licence' : 'sound'
          expect(await readFile(join(dir, path), 'utf8'), `byte ${at}`).toBe(expected)
        }
      } else expect(['CORRUPT_DATA', 'INVALID_INPUT'], `byte ${at}`).toContain(outcome)
      if ((await readdir(dir)).length === 0) continue
      await rm(dir, { recursive: true })
      await mkdir(dir)
    }
  })

  test('replaces no file, and names the one it could not write', async () => {
    await writeFile(join(dir, 'LICENSE'), 'precious')
    const work = extract(makeZip([wav('top/LICENSE')]))
    await expect(work).rejects.toThrow(throwsCode('IO', join(dir, 'LICENSE')))
    expect(await readFile(join(dir, 'LICENSE'), 'utf8')).toBe('precious')
    await expect(extractZip(join(base, 'none.zip'), dir, { wanted, maxBytes: 1 })).rejects.toThrow(
      throwsCode('IO'),
    )
  })

  test('stops at an abort, with its reason', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const bytes = makeZip(['a', 'b', 'c'].map((name) => wav(`top/audio/${name}.wav`)))
    const onProgress = () => stop.abort(reason)
    await expect(extract(bytes, { signal: stop.signal, onProgress })).rejects.toBe(reason)
    expect(await readdir(join(dir, 'audio'))).toEqual(['a.wav'])
    await expect(extract(bytes, { signal: stop.signal })).rejects.toBe(reason)
  })
})
