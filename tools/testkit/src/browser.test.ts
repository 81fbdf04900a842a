/** The portable roots in a real page: bundled for the browser, run in Chromium, compared with Node. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { decodeAudio } from '@esc/audio-io/node'
import { build } from 'esbuild'
import { chromium } from 'playwright'
import { expect, test } from 'vitest'
import { hash, usePortableRoots } from './portable.js'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const folderOfThis = dirname(fileURLToPath(import.meta.url))

const title = `a page gives what Node gives (skipped without ${executablePath})`

test.skipIf(!existsSync(executablePath))(title, { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esc-page-'))
  try {
    const { outputFiles } = await build({
      stdin: { contents: pageScript, resolveDir: folderOfThis, loader: 'ts' },
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      conditions: ['@esc/source'],
      charset: 'utf8',
    })
    // Not inside the page: the parser of HTML changes line breaks, which the codecs' packed WebAssembly is full of.
    writeFileSync(join(folder, 'page.js'), outputFiles[0]!.contents)
    const page = join(folder, 'page.html')
    writeFileSync(
      page,
      '<!doctype html><meta charset="utf-8"><pre>running</pre><script src="page.js"></script>',
    )
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    let text: string | null
    try {
      const tab = await browser.newPage()
      await tab.goto(pathToFileURL(page).href)
      await tab.waitForSelector('pre.done', { timeout: 100_000 })
      text = await tab.textContent('pre')
    } finally {
      await browser.close()
    }
    const there = JSON.parse(text!) as Record<string, unknown>
    if (there.error !== undefined) throw new Error(`the page failed: ${there.error}`)
    const here = { ...(await usePortableRoots()), decoded: await decodeAll() }
    expect(there).toEqual(JSON.parse(JSON.stringify(here)))
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** What the codecs give for a file of each kind, as hashes of the channels. */
async function decodeAll(): Promise<Record<string, unknown>> {
  const decoded: Record<string, unknown> = {}
  for (const name of soundFiles) {
    const { channels, sampleRate } = await decodeAudio(readFileSync(new URL(name, fixtures)))
    decoded[name] = { sampleRate, channels: channels.map(hash) }
  }
  return decoded
}

const soundFiles = [
  'stereo-vorbis.ogg',
  'stereo-opus.opus',
  'stereo-vbr.mp3',
  'stereo-s16.flac',
  'pcm/ms.wav',
]
const fixtures = new URL('../../../packages/audio-io/fixtures/', import.meta.url)
const base64Files = Object.fromEntries(
  soundFiles.map((name) => [name, readFileSync(new URL(name, fixtures)).toString('base64')]),
)

const pageScript = `
  import { decodeAudio } from '@esc/audio-io/browser'
  import { hash, usePortableRoots } from './portable.js'
  const show = (value: unknown) => {
    const pre = document.querySelector('pre')!
    pre.textContent = JSON.stringify(value)
    pre.className = 'done'
  }
  const run = async () => {
    const results = await usePortableRoots()
    const decoded: Record<string, unknown> = {}
    for (const [name, base64] of Object.entries(${JSON.stringify(base64Files)})) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
      const { channels, sampleRate } = await decodeAudio(new Blob([bytes]))
      decoded[name] = { sampleRate, channels: channels.map(hash) }
    }
    return { ...results, decoded }
  }
  run().then(show, (error) => show({ error: String(error.stack) }))
`
