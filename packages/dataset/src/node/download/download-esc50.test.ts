import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '@esc/audio-io'
import type { ProgressEvent } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeZip, type ZipEntry } from '../../../fixtures/zip.js'
import { openDataset } from '../open/open-dataset.js'
import { type DownloadEsc50Options, downloadEsc50, downloadWhole, ESC50_LICENSE } from './download-esc50.js'

const wav = encodeWav({ samples: Float32Array.of(0, 0.5, -0.5), sampleRate: 44100 })
const bytes = (text: string) => new TextEncoder().encode(text)
/** A small data set, for all tests but that of the number of clips. */
const extent = { clips: 20, classes: 5 }

/** An archive in ESC-50's layout, with clips of three samples. */
function filesOf({ clips, classes }: typeof extent): { names: string[]; table: string; entries: ZipEntry[] } {
  const names = Array.from({ length: clips }, (_, i) => `${1 + (i % 5)}-${i}-A-${i % classes}.wav`)
  const rows = names.map(
    (name, i) => `${name},${1 + (i % 5)},${i % classes},class ${i % classes},True,${i},A`,
  )
  const table = ['filename,fold,target,category,esc10,src_file,take', ...rows].join('\n')
  const entries = [
    { name: 'ESC-50-main/', data: bytes(''), stored: true },
    { name: 'ESC-50-main/LICENSE', data: bytes('CC BY-NC') },
    { name: 'ESC-50-main/README.md', data: bytes('ESC-50') },
    { name: 'ESC-50-main/esc50.gif', data: bytes('GIF') },
    { name: 'ESC-50-main/meta/esc50.csv', data: bytes(table) },
    ...names.map((name) => ({ name: `ESC-50-main/audio/${name}`, data: wav, stored: true })),
  ]
  return { names, table, entries }
}

const { names, table, entries: sound } = filesOf(extent)

let archive: Buffer
let server: Server
let base = ''
let dir = ''
let url = ''
let requests = 0
let answer: (response: ServerResponse, range: string | undefined) => void

beforeEach(async () => {
  archive = makeZip(sound)
  base = await mkdtemp(join(tmpdir(), 'esc-download-'))
  dir = join(base, 'data', 'ESC-50')
  requests = 0
  answer = (response) => response.end(archive)
  server = createServer((request, response) => {
    requests++
    answer(response, request.headers.range)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/main.zip`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(base, { recursive: true, force: true })
})

const download = (options: DownloadEsc50Options = {}) =>
  downloadWhole(dir, { url, attempts: 1, ...options }, extent)
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

const left = () => readdir(join(base, 'data')).catch(() => [])

describe('downloadEsc50', () => {
  test('shows the licence, fetches, unpacks and checks; a second call does nothing', async () => {
    archive = makeZip(filesOf({ clips: 2000, classes: 50 }).entries)
    const shown: string[] = []
    const events: ProgressEvent[] = []
    const sha256 = createHash('sha256').update(archive).digest('hex').toUpperCase()
    const onLicense = (text: string) => {
      expect(requests).toBe(0)
      shown.push(text)
    }
    const options = { url, sha256, onLicense, onProgress: (event: ProgressEvent) => events.push(event) }
    expect(await downloadEsc50(dir, options)).toBe(dir)
    expect(shown).toEqual([ESC50_LICENSE])
    expect(await left()).toEqual(['ESC-50'])
    expect((await readdir(dir)).sort()).toEqual(['LICENSE', 'README.md', 'audio', 'meta'])
    const { dataset, missing, pathOf } = await openDataset(dir)
    expect([dataset.records.length, dataset.labels.length, missing.length]).toEqual([2000, 50, 0])
    expect(new Uint8Array(await readFile(pathOf(dataset.records[1999]!)))).toEqual(wav)
    const last = (name: string) => events.findLast(({ stage }) => stage === name)
    expect(last('download')).toMatchObject({ done: archive.length })
    expect(last('unpack')).toMatchObject({ done: 2003, total: 2003 })
    expect(last('check')).toMatchObject({ done: 2000, total: 2000 })

    expect(await downloadEsc50(dir, options)).toBe(dir)
    expect([requests, shown.length]).toEqual([1, 1])
  })

  test('fills an empty folder, through a link to it', async () => {
    await mkdir(join(base, 'big'))
    await symlink(join(base, 'big'), join(base, 'link'))
    expect(await downloadWhole(join(base, 'link'), { url }, extent)).toBe(join(base, 'big'))
    expect(await readdir(join(base, 'big'))).toContain('meta')
    expect((await readdir(base)).sort()).toEqual(['big', 'link'])
  })

  test.each<[string, (entries: ZipEntry[]) => ZipEntry[], RegExp]>([
    ['has no table', (all) => all.filter(({ name }) => !name.endsWith('.csv')), /is no whole ESC-50: /],
    [
      'lacks a sound',
      (all) => all.slice(0, -1),
      /1 sound of its table cannot be found, the first is 5-19-A-4\.wav/,
    ],
    [
      'has a table of other sounds',
      (all) => edit(all, 'meta/esc50.csv', bytes(table.replaceAll('-A-', '-B-'))),
      /20 sounds of its table/,
    ],
    [
      'has a short table',
      (all) => edit(all, 'meta/esc50.csv', bytes(table.split('\n').slice(0, 19).join('\n'))),
      /has 18 clips of 5 classes, not 20 of 5/,
    ],
    [
      'has a table that leads out',
      (all) => edit(all, 'meta/esc50.csv', bytes(table.replace('1-0-A-0', '../x'))),
      /line 2/,
    ],
    ['has a sound that is none', (all) => edit(all, names[15]!, bytes('RIFF')), new RegExp(names[15]!)],
    [
      'has a sound that leads out',
      (all) => [...all, { name: '../../x.wav', data: wav }],
      /invalid relative path/,
    ],
    [
      'has a damaged sound',
      (all) => all.map((e) => (e.name.endsWith(names[9]!) ? { ...e, crc: 7 } : e)),
      /CRC-32/,
    ],
  ])('refuses an archive that %s, and keeps neither', async (_name, change, message) => {
    archive = makeZip(change(sound))
    await expect(download()).rejects.toThrow(throwsCode('CORRUPT_DATA', message))
    expect(await left()).toEqual(['ESC-50.download'])
    expect(await readdir(join(dir, '..', 'ESC-50.download'))).toEqual(['archive.zip.json'])
  })

  const edit = (entries: ZipEntry[], end: string, data: Uint8Array) =>
    entries.map((entry) => (entry.name.endsWith(end) ? { ...entry, data } : entry))

  test('refuses an archive of another checksum, and fetches it again the next time', async () => {
    const work = download({ sha256: '0'.repeat(64) })
    await expect(work).rejects.toThrow(throwsCode('CORRUPT_DATA', /has the SHA-256 [0-9a-f]{64}, not 0{64}/))
    await download()
    expect(requests).toBe(2)
    expect(await left()).toEqual(['ESC-50'])
  })

  test('goes on after the bytes of a broken download, and not from the start', async () => {
    const held = deferred<ServerResponse>()
    answer = (response) => {
      response
        .writeHead(200, { etag: '"1"', 'content-length': archive.length })
        .write(archive.subarray(0, 1000))
      held.resolve(response)
    }
    const onProgress = async ({ done }: ProgressEvent) => done === 1000 && (await held.promise).destroy()
    await expect(download({ onProgress })).rejects.toThrow(throwsCode('IO'))
    expect(await left()).toEqual(['ESC-50.download'])
    let asked: string | undefined
    answer = (response, range) => {
      asked = range
      const headers = { 'content-range': `bytes 1000-${archive.length - 1}/${archive.length}`, etag: '"1"' }
      response.writeHead(206, headers).end(archive.subarray(1000))
    }
    await download()
    expect(asked).toBe('bytes=1000-')
    expect(await left()).toEqual(['ESC-50'])
  })

  test.each(['unpack', 'check'])(
    'keeps the archive after an abort of stage %s, and needs no network then',
    async (stage) => {
      const stop = new AbortController()
      const reason = new Error('enough')
      const onProgress = (event: ProgressEvent) => {
        if (event.stage === stage && event.done === 10) stop.abort(reason)
      }
      await expect(download({ signal: stop.signal, onProgress })).rejects.toBe(reason)
      expect(await left()).toEqual(['ESC-50.download'])
      await download()
      expect(requests).toBe(1)
      expect(await left()).toEqual(['ESC-50'])
    },
  )

  test('refuses limits that are exceeded, and keeps the archive for higher ones', async () => {
    await expect(download({ maxBytes: 1000 })).rejects.toThrow(throwsCode('INVALID_INPUT'))
    await expect(download({ maxUnpackedBytes: 1000 })).rejects.toThrow(throwsCode('INVALID_INPUT'))
    await download()
    expect(requests).toBe(2)
  })

  test('leaves nothing behind if it gets nothing, and requests nothing after a declined licence or an abort', async () => {
    const declined = new Error('not for me')
    const onLicense = async () => {
      throw declined
    }
    await expect(download({ onLicense })).rejects.toBe(declined)
    await expect(download({ signal: AbortSignal.abort(declined) })).rejects.toBe(declined)
    expect([requests, await left()]).toEqual([0, []])
    answer = (response) => response.writeHead(404).end()
    await expect(download()).rejects.toThrow('HTTP status 404')
    expect(await left()).toEqual([])
  })

  test('refuses a folder that holds something else, and leaves it alone', async () => {
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'thesis.tex'), 'precious')
    await expect(download()).rejects.toThrow(throwsCode('INVALID_INPUT', dir))
    await writeFile(join(base, 'file'), '')
    await expect(downloadWhole(join(base, 'file'), { url }, extent)).rejects.toThrow(throwsCode('IO'))
    expect([requests, await left(), await readdir(dir)]).toEqual([0, ['ESC-50'], ['thesis.tex']])
  })

  test.each([
    [{ sha256: 'abc' }, /sha256=abc must be 64/],
    [{ maxUnpackedBytes: Number.NaN }, /maxUnpackedBytes=NaN/],
    [{ url: 'http://example.org/a.zip' }, /must begin with https/],
  ])('refuses %o before it does anything', async (options, message) => {
    await expect(download(options)).rejects.toThrow(throwsCode('INVALID_OPTION', message))
    expect([requests, await left()]).toEqual([0, []])
  })

  test('lets one process at a time into a folder, and takes over what a killed one left', async () => {
    const work = join(dir, '..', 'ESC-50.download')
    const lock = join(work, 'lock')
    const held = deferred<ServerResponse>()
    answer = held.resolve
    const first = download()
    const response = await held.promise
    await expect(download()).rejects.toThrow(throwsCode('IO', lock))
    response.end(archive)
    await first
    answer = (next) => next.end(archive)
    await rm(dir, { recursive: true })

    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await mkdir(work)
    await writeFile(lock, `${child.pid} 1`)
    await expect(download()).rejects.toThrow(`process ${child.pid} is at work here`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await download()
    // This process's number, of an earlier life; and a lock that was not written to its end.
    for (const text of [`${process.pid} 1`, '']) {
      await rm(dir, { recursive: true })
      await mkdir(work)
      await writeFile(lock, text)
      await download()
    }
    expect(await left()).toEqual(['ESC-50'])
  })
})
