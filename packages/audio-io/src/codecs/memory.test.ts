import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ffmpeg, hasFfmpeg, whySkipped } from '../../fixtures/tools.js'

/** Decodes the file named last, and prints the most memory that the process had, in MB. */
const SCRIPT = `
  import { readFileSync } from 'node:fs'
  const [module, reader, codec, path] = process.argv.slice(1)
  const { decodeCompressed } = await import('${new URL('../compressed.ts', import.meta.url).href}')
  const { lazyCodecs } = await import('${new URL('./lazy.ts', import.meta.url).href}')
  const read = (await import(module))[reader]
  await decodeCompressed(read(new Uint8Array(readFileSync(path))), lazyCodecs()[codec], {})
  // Not console.log: with FORCE_COLOR set, it adds colours to numbers.
  process.stdout.write(String(process.resourceUsage().maxRSS / 1024))
`

const seconds = 300
const codecs: [codec: string, type: string, module: string, reader: string, rate: number][] = [
  ['vorbis', 'ogg', 'ogg/vorbis.ts', 'readOggVorbis', 44100],
  ['opus', 'opus', 'ogg/opus.ts', 'readOggOpus', 48000],
  ['mp3', 'mp3', 'mp3/read.ts', 'readMp3', 44100],
]

describe.skipIf(!hasFfmpeg)(`memory${whySkipped('ffmpeg')}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'audio-io-memory-'))
    const tones = [44100, 48000].flatMap((rate) => ['-f', 'lavfi', '-i', `sine=440:r=${rate}:d=${seconds}`])
    const outputs = codecs.flatMap(([, type, , , rate]) => {
      const input = ['-map', rate === 44100 ? '0:a' : '1:a', '-ac', '2']
      return [...input, join(folder, `${seconds}.${type}`), ...input, '-t', '1', join(folder, `1.${type}`)]
    })
    ffmpeg(...tones, ...outputs)
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(codecs)(
    'decoding %s takes memory for the sound and a constant',
    { timeout: 600_000 },
    (codec, type, module, reader, rate) => {
      const peakMb = (duration: number) => {
        const url = new URL(`../${module}`, import.meta.url).href
        const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', SCRIPT]
        const path = join(folder, `${duration}.${type}`)
        return Number(
          execFileSync(process.execPath, [...flags, url, reader, codec, path], { encoding: 'utf8' }),
        )
      }
      const soundMb = (seconds * rate * 2 * 4) / 2 ** 20
      // Measured: 31 to 46 MB more than the sound, mostly blocks that wait for the garbage collector. A decoder that
      // first decodes the whole file and then joins it would need the sound twice, at least 100 MB more.
      expect(peakMb(seconds) - peakMb(1)).toBeLessThan(soundMb + 85)
    },
  )
})
