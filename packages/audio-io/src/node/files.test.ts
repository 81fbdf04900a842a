import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeWav } from '../wav/decode.js'
import { encodeWav } from '../wav/encode.js'
import { decodeAudio, loadAudio, writeWav } from './files.js'

const oggPath = fileURLToPath(new URL('../../fixtures/mono-vorbis.ogg', import.meta.url))
const clip = { samples: Float32Array.from({ length: 441 }, (_, i) => Math.sin(i / 7) / 2), sampleRate: 22050 }

/** What a promise rejects with. */
const errorOf = (work: Promise<unknown>) => work.catch((reason: unknown) => reason)

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

  test('decode several OGG files at the same time with the same result', async () => {
    const one = await decodeAudio(oggPath)
    const many = await Promise.all(Array.from({ length: 8 }, () => decodeAudio(oggPath)))
    for (const audio of many) expect(audio).toEqual(one)
  })

  test('look at the bytes, not at the name', async () => {
    const path = join(folder, 'really-a.ogg')
    await writeFile(path, encodeWav(clip, { bitDepth: 32 }))
    expect(await loadAudio(path)).toEqual(clip)
  })

  test('IO naming a file that does not exist', async () => {
    const path = join(folder, 'absent.wav')
    const error = await errorOf(loadAudio(path))
    expect(error).toEqual(throwsCode('IO', path))
    expect(error).toMatchObject({ detail: { path } })
  })

  test.each([[new ArrayBuffer(8)], [undefined], [7]])('INVALID_INPUT for %o', async (input) => {
    await expect(decodeAudio(input as unknown as string)).rejects.toThrow(throwsCode('INVALID_INPUT'))
  })

  test('name the path of a damaged file', async () => {
    const path = join(folder, 'cut.ogg')
    await writeFile(path, (await readFile(oggPath)).subarray(0, -1))
    const error = await errorOf(decodeAudio(path))
    expect(error).toEqual(throwsCode('CORRUPT_DATA', path))
    expect(error).toMatchObject({ detail: { path } })
  })
})

describe('writeWav', () => {
  test('writes a file that loadAudio reads, and leaves no other file', async () => {
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

  test('writes 16 bits by default', async () => {
    const path = join(folder, 'clip.wav')
    await writeWav(path, clip)
    const bytes = new Uint8Array(await readFile(path))
    expect(bytes).toEqual(encodeWav(clip, { bitDepth: 16 }))
    expect(decodeWav(bytes).channels[0]).toHaveLength(441)
  })

  test('IO if the name is a folder; the temporary file is removed', async () => {
    const path = join(folder, 'taken')
    await mkdir(path)
    const error = await errorOf(writeWav(path, clip))
    expect(error).toEqual(throwsCode('IO'))
    expect(error).toMatchObject({ detail: { path } })
    expect(await readdir(folder)).toEqual(['taken'])
  })

  test('IO if the folder does not exist', async () => {
    const path = join(folder, 'absent', 'clip.wav')
    const error = await errorOf(writeWav(path, clip))
    expect(error).toEqual(throwsCode('IO'))
    expect(error).toMatchObject({ detail: { path } })
  })

  test('writes no file if the clip is bad', async () => {
    const bad = { samples: Float32Array.of(Number.NaN), sampleRate: 22050 }
    await expect(writeWav(join(folder, 'bad.wav'), bad)).rejects.toThrow(throwsCode('INVALID_INPUT'))
    expect(await readdir(folder)).toEqual([])
  })
})
