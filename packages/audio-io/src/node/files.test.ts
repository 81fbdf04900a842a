import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeWav, encodeWav } from '../wav/wav.js'
import { decodeAudio, loadAudio, writeWav } from './files.js'

const oggPath = fileURLToPath(new URL('../../fixtures/mono-vorbis.ogg', import.meta.url))
const clip = { samples: Float32Array.from({ length: 441 }, (_, i) => Math.sin(i / 7) / 2), sampleRate: 22050 }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audio-io-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('loadAudio, decodeAudio', () => {
  test('take a path, a URL or bytes', async () => {
    const fromPath = await loadAudio(oggPath, { sampleRate: null })
    expect(fromPath.samples).toHaveLength(1600)
    expect(await loadAudio(pathToFileURL(oggPath), { sampleRate: null })).toEqual(fromPath)
    expect(await loadAudio(await readFile(oggPath), { sampleRate: null })).toEqual(fromPath)
    expect(await decodeAudio(oggPath)).toEqual({ channels: [fromPath.samples], sampleRate: 16000 })
  })

  test('decode several OGG files at a time as they do one after the other', async () => {
    const one = await decodeAudio(oggPath)
    const many = await Promise.all(Array.from({ length: 8 }, () => decodeAudio(oggPath)))
    for (const audio of many) expect(audio).toEqual(one)
  })

  test('go by the bytes, not by the name', async () => {
    const path = join(folder, 'really-a.ogg')
    await writeFile(path, encodeWav(clip, { bitDepth: 32 }))
    expect(await loadAudio(path)).toEqual(clip)
  })

  test('IO for a file that is not there, naming it', async () => {
    const path = join(folder, 'absent.wav')
    await expect(loadAudio(path)).rejects.toMatchObject({
      code: 'IO',
      detail: { path },
      message: expect.stringContaining(path),
    })
  })

  test.each([[new ArrayBuffer(8)], [undefined], [7]])('INVALID_INPUT for %o', async (input) => {
    await expect(decodeAudio(input as unknown as string)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('name the path of a damaged file', async () => {
    const path = join(folder, 'cut.ogg')
    await writeFile(path, (await readFile(oggPath)).subarray(0, -1))
    await expect(decodeAudio(path)).rejects.toMatchObject({
      code: 'CORRUPT_DATA',
      detail: { path },
      message: expect.stringContaining(path),
    })
  })
})

describe('writeWav', () => {
  test('writes what loadAudio reads, and leaves nothing else behind', async () => {
    const path = join(folder, 'clip.wav')
    await writeFile(path, 'what was there before')
    await writeWav(path, clip, { bitDepth: 32 })
    expect(await loadAudio(path)).toEqual(clip)
    expect(await readdir(folder)).toEqual(['clip.wav'])
  })

  test('takes a URL', async () => {
    const path = join(folder, 'by url.wav')
    await writeWav(pathToFileURL(path), clip, { bitDepth: 32 })
    expect(await loadAudio(path)).toEqual(clip)
  })

  test('writes 16 bits unless asked otherwise', async () => {
    const path = join(folder, 'clip.wav')
    await writeWav(path, clip)
    const bytes = new Uint8Array(await readFile(path))
    expect(bytes).toEqual(encodeWav(clip, { bitDepth: 16 }))
    expect(decodeWav(bytes).channels[0]).toHaveLength(441)
  })

  test('IO if the name is a folder: the temporary file is removed', async () => {
    const path = join(folder, 'taken')
    await mkdir(path)
    await expect(writeWav(path, clip)).rejects.toMatchObject({ code: 'IO', detail: { path } })
    expect(await readdir(folder)).toEqual(['taken'])
  })

  test('IO if the folder is not there', async () => {
    const path = join(folder, 'absent', 'clip.wav')
    await expect(writeWav(path, clip)).rejects.toMatchObject({ code: 'IO', detail: { path } })
  })

  test('touches no file if the clip is bad', async () => {
    const bad = { samples: Float32Array.of(Number.NaN), sampleRate: 22050 }
    await expect(writeWav(join(folder, 'bad.wav'), bad)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(await readdir(folder)).toEqual([])
  })
})
