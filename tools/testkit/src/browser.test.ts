/** The packages in a real page: bundled for the browser, run in Chromium, compared with Node. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { decodeAudio } from '@esc/audio-io/node'
import { fit as fitInPage } from '@esc/model/browser'
import { fit as fitInNode } from '@esc/model/node'
import { ortRuntime as webRuntime } from '@esc/onnx/browser'
import { ortRuntime as nodeRuntime } from '@esc/onnx/node'
import { build as buildWithEsbuild } from 'esbuild'
import { type Browser, chromium } from 'playwright'
import { build as buildWithVite, defaultClientConditions } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hash, usePortableRoots } from './portable.js'
import { useTraining } from './training.js'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const folderOfThis = dirname(fileURLToPath(import.meta.url))
const timeout = 300_000

let expected: Record<string, number[]>
beforeAll(async () => {
  expected = await useTraining(nodeRuntime, fitInNode)
}, timeout)

const trainingPage = join(folderOfThis, 'training-page.ts')

/** Bundlers. Each writes `page.js`, and the files that the page fetches, into a folder. */
const bundlers = {
  async esbuild(folder: string) {
    await buildWithEsbuild({
      entryPoints: [trainingPage],
      outfile: join(folder, 'page.js'),
      bundle: true,
      platform: 'browser',
      format: 'esm',
      conditions: ['@esc/source'],
    })
    const wasm = 'ort-wasm-simd-threaded.wasm'
    copyFileSync(createRequire(import.meta.url).resolve(`onnxruntime-web/${wasm}`), join(folder, wasm))
  },
  async Vite(folder: string) {
    await buildWithVite({
      root: folderOfThis,
      base: './',
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@esc/source', ...defaultClientConditions] },
      build: {
        outDir: folder,
        minify: false,
        rollupOptions: { input: trainingPage, output: { entryFileNames: 'page.js' } },
      },
    })
  },
}

describe.skipIf(!existsSync(executablePath))(
  `a page gives what Node gives (skipped without ${executablePath})`,
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    }, timeout)
    afterAll(() => browser?.close(), timeout)

    let folder = ''
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'esc-page-'))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

    test('the portable roots and the codecs, from a file', { timeout }, async () => {
      await buildWithEsbuild({
        stdin: { contents: portablePage, resolveDir: folderOfThis, loader: 'ts' },
        outfile: join(folder, 'page.js'),
        bundle: true,
        platform: 'browser',
        format: 'iife',
        conditions: ['@esc/source'],
        charset: 'utf8',
      })
      // The script is not inside the page: an HTML parser changes line breaks, and the codecs' packed WebAssembly has many.
      writePage(folder, '<script src="page.js"></script>')
      const there = await readPage(browser, pathToFileURL(join(folder, 'page.html')).href)
      const here = { ...(await usePortableRoots()), decoded: await decodeAll() }
      expect(there).toEqual(JSON.parse(JSON.stringify(here)))
    })

    test.each(Object.entries(bundlers))('training, bundled by %s', { timeout }, async (_, bundle) => {
      await bundle(folder)
      writePage(folder, '<script type="module" src="page.js"></script>')
      const server = await serve(folder)
      try {
        const { port } = server.address() as AddressInfo
        const there = await readPage(browser, `http://localhost:${port}/page.html`)
        expect(there).toEqual(closeTo(expected))
      } finally {
        server.close()
      }
    })
  },
)

test("onnxruntime-web trains as onnxruntime-node does, in Node's WebAssembly", { timeout }, async () => {
  expect(await useTraining(webRuntime, fitInPage)).toEqual(closeTo(expected))
})

/**
 * Expects losses and logits, which are about 1, to within 5e-4. Adam's first steps are equally large for every gradient, also for one
 * that is only rounding error, and rounding depends on the processor. Measured difference: 2e-5.
 */
function closeTo(numbers: Record<string, number[]>): Record<string, unknown[]> {
  return Object.fromEntries(
    Object.entries(numbers).map(([what, values]) => [what, values.map((value) => expect.closeTo(value, 3))]),
  )
}

function writePage(folder: string, script: string): void {
  writeFileSync(join(folder, 'page.html'), `<!doctype html><meta charset="utf-8"><pre>running</pre>${script}`)
}

/** Serves a folder's files. */
async function serve(folder: string) {
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }
  const server = createServer(({ url = '/' }, response) => {
    const path = join(folder, new URL(url, 'http://localhost').pathname)
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/wasm')
    if (existsSync(path)) response.end(readFileSync(path))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Opens a page, waits until it shows its results, and parses them. */
async function readPage(browser: Browser, url: string): Promise<Record<string, unknown>> {
  const tab = await browser.newPage()
  try {
    await tab.goto(url)
    await tab.waitForSelector('pre.done', { timeout: 240_000 })
    const results = JSON.parse((await tab.textContent('pre'))!) as Record<string, unknown>
    if (results.error !== undefined) throw new Error(`the page failed: ${results.error}`)
    return results
  } finally {
    await tab.close()
  }
}

/** Hashes of the channels that the codecs decode from a file of each kind. */
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

const portablePage = `
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
