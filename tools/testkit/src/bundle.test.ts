/** What a page or a cloud function contains when it imports one entry. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const codecs = /opus-decoder|ogg-vorbis|mpg123/

/** The packages behind an entry, and the size of the bundle. */
async function bundle(contents: string): Promise<{ inputs: string[]; bytes: number }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: dirname(fileURLToPath(import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    conditions: ['@esc/source'],
  })
  return { inputs: Object.keys(metafile.inputs), bytes: outputFiles[0]!.contents.length }
}

test('a bundle for WAV, AIFF and FLAC has no codec', async () => {
  const { inputs } = await bundle("export { decodeAudio, loadAudio, streamAudio } from '@esc/audio-io'")
  expect(inputs.filter((input) => codecs.test(input))).toEqual([])
})

test('a bundle for WAV alone is smaller than 20 kB', async () => {
  const { inputs, bytes } = await bundle("export { decodeWav } from '@esc/audio-io'")
  expect(inputs.filter((input) => codecs.test(input))).toEqual([])
  expect(bytes).toBeLessThan(20_000)
})

test.each(['vorbis', 'opus', 'mp3'])('/%s brings its own codec and no other', async (name) => {
  const { inputs } = await bundle(`export { ${name} } from '@esc/audio-io/${name}'`)
  const found = new Set(inputs.flatMap((input) => codecs.exec(input)?.[0] ?? []))
  expect([...found]).toEqual([{ vorbis: 'ogg-vorbis', opus: 'opus-decoder', mp3: 'mpg123' }[name]])
})
