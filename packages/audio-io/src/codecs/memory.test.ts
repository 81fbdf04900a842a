import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0

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

describe.skipIf(!hasFfmpeg)(`memory${hasFfmpeg ? '' : ' (skipped: ffmpeg is absent)'}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'audio-io-memory-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['vorbis', 'ogg', 'ogg/vorbis.ts', 'readOggVorbis', 44100],
    ['opus', 'opus', 'ogg/opus.ts', 'readOggOpus', 48000],
    ['mp3', 'mp3', 'mp3/read.ts', 'readMp3', 44100],
  ])(
    'decoding %s takes memory for the sound and a constant',
    { timeout: 600_000 },
    (codec, type, module, reader, rate) => {
      const seconds = 300
      const peakMb = (duration: number) => {
        const path = join(folder, `${duration}.${type}`)
        const tone = `sine=440:r=${rate}:d=${duration}`
        execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', tone, '-ac', '2', path])
        const url = new URL(`../${module}`, import.meta.url).href
        const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', SCRIPT]
        return Number(
          execFileSync(process.execPath, [...flags, url, reader, codec, path], { encoding: 'utf8' }),
        )
      }
      const soundMb = (seconds * rate * 2 * 4) / 2 ** 20
      // Measured: 31 to 46 MB more than the sound, mostly blocks that wait for the garbage collector. A decoder that first
      // decodes the whole file and then joins it would need the sound twice, at least 100 MB more.
      expect(peakMb(seconds) - peakMb(1)).toBeLessThan(soundMb + 85)
    },
  )
})
