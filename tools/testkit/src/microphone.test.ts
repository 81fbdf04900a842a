/** The microphone in a real page: Chromium with a fake device that plays a file of known sound. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeWav } from '@esc/audio-io'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ending, Page, Recording } from './microphone-page.js'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const folderOfThis = dirname(fileURLToPath(import.meta.url))

/** The name of the page's own object, for functions that run there. */
declare const page: Page

interface Where {
  host?: string
  query?: string
  permissions?: string[]
  from?: Browser
}

const released = { tracks: ['ended'], contexts: ['closed'] }

describe.skipIf(!existsSync(executablePath))(
  `microphone in a page (skipped without ${executablePath})`,
  // On a busy machine, audio may start too late, or the browser's audio thread may run too late, several times in a row.
  { retry: 2 },
  () => {
    let folder = ''
    let server: Server
    let browser: Browser
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'esc-microphone-'))
      const wav = join(folder, 'tone.wav')
      writeFileSync(wav, encodeWav(stereoTone()))
      server = await serve(await bundle())
      browser = await launch('--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`)
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      server?.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }, 60_000)

    /** Runs `use` in a page of its own. */
    async function inPage<T>(
      use: () => Promise<T>,
      { host = 'localhost', query = '', permissions = ['microphone'], from = browser }: Where = {},
    ): Promise<T> {
      const context = await from.newContext({ permissions })
      try {
        const tab = await context.newPage()
        await tab.goto(`http://${host}:${(server.address() as AddressInfo).port}/?${query}`)
        return await tab.evaluate(use)
      } finally {
        await context.close()
      }
    }

    test('blocks of one size at the rate asked, without a gap, of the mean of the channels', {
      retry: 9,
    }, async () => {
      const recording = await inPage(() => page.collect({ sampleRate: 22050, blockFrames: 1000 }, 27))
      expect(recording).toMatchObject({ error: null, sampleRate: 22050, storages: 27, ...released })
      expect(recording.lengths).toEqual(Array(27).fill(1000))
      expect(recording.settings).toMatchObject({
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      })
      const { level, hz, worst } = fitTone(recording.samples.slice(2205, 2205 + 22050), 22050)
      expect(Math.abs(level - 0.5)).toBeLessThan(0.005)
      expect(Math.abs(hz - 1000)).toBeLessThan(0.1)
      expect(worst).toBeLessThan(0.005)
    })

    test("null keeps the device's own rate", async () => {
      const { sampleRate, settings, lengths } = await inPage(() => page.collect({ sampleRate: null }, 2))
      expect(sampleRate).toBe(settings.sampleRate)
      expect(lengths).toEqual([1024, 1024])
    })

    test('a loop that falls behind gets all that was recorded, then IO, and the device is free at once', {
      retry: 9,
    }, async () => {
      const slow = await inPage(() => page.fallBehind({ sampleRate: null, maxQueueSec: 0.3 }, 10_000))
      expect(slow).toMatchObject({ whileAsleep: 'ended', ...released })
      expect(slow.error).toMatchObject({ code: 'IO', detail: { maxQueueSec: 0.3 } })
      expect(slow.error!.message).toContain('0.30 s behind')
      // A message of the recorder is as long as a block. The loop took one block; the queue is full at the first block above 0.3 s.
      expect(slow.lengths).toEqual(Array(1 + Math.ceil((0.3 * slow.sampleRate) / 1024)).fill(1024))
      const start = Math.round(0.1 * slow.sampleRate)
      expect(fitTone(slow.samples.slice(start), slow.sampleRate).worst).toBeLessThan(0.005)
    })

    const enough = { name: 'RangeError', message: 'enough' }
    test.each([
      [
        'an error thrown in it',
        () => page.throwInLoop(),
        { name: 'RangeError', message: 'mine' },
        1,
        released,
      ],
      // The number of blocks until then is random.
      ['abort while it waits', () => page.abortInLoop(), enough, null, released],
      ['abort before it', () => page.abortBefore(), enough, 0, { tracks: [], contexts: [] }],
      ['abort before the permission', () => page.abortWhileAsked(), enough, 0, { ...released, contexts: [] }],
      ['a device that is unplugged', () => page.unplug(), /unplugged/, null, released],
      ['a browser that interrupts', () => page.interrupt(), /interrupted .* suspended/, null, released],
      [
        'a rate that the browser refuses',
        () => page.refuseRate(),
        /cannot record at \d+ Hz: different/,
        0,
        released,
      ],
      ['a browser that does not start', () => page.neverStart(), /did not start audio in 5 s/, 0, released],
    ] as const)('the loop ends with %s, and the device is free', async (_, use, error, blocks, state) => {
      const recording = await inPage<Ending>(use)
      expect(recording).toMatchObject(state)
      if (blocks !== null) expect(recording.lengths.length).toBe(blocks)
      if (error instanceof RegExp) {
        expect(recording.error).toMatchObject({ code: 'IO', message: expect.stringMatching(error) })
      } else {
        expect(recording.error).toEqual(error)
      }
    })

    const one = () => page.collect({}, 1)
    const elsewhere = () => page.collect({ deviceId: 'none' }, 1)
    test.each([
      ['a denied permission', one, { permissions: [] }, /permission was denied; allow it/, 'NotAllowedError'],
      ['a device that is not there', elsewhere, {}, /deviceId/, 'OverconstrainedError'],
      ['a page over http', one, { host: 'insecure.test' }, /https or from localhost/, undefined],
      [
        'a policy against blob:',
        one,
        { query: "policy=script-src 'self'" },
        /script-src blob:/,
        'AbortError',
      ],
    ])('%s is IO', async (_, use, where, message, cause) => {
      const { error, tracks, contexts } = await inPage(use, where)
      expect(error).toMatchObject({ code: 'IO', message: expect.stringMatching(message) })
      expect(error!.cause).toBe(cause)
      expect(
        tracks.every((state) => state === 'ended') && contexts.every((state) => state === 'closed'),
      ).toBe(true)
    })

    test('a policy that allows script-src blob: is enough', async () => {
      const policy = "policy=default-src 'none'; script-src 'self' blob:"
      expect(await inPage(one, { query: policy })).toMatchObject({ error: null })
    })

    test('no microphone at all is IO', async () => {
      const bare = await launch()
      try {
        const { error } = await inPage(one, { from: bare })
        expect(error).toMatchObject({
          code: 'IO',
          message: expect.stringMatching(/none is connected/),
          cause: 'NotFoundError',
        })
      } finally {
        await bare.close()
      }
    })

    test('a page that was never clicked may record', async () => {
      const unasked = () => (globalThis as unknown as { unasked: Promise<Recording> }).unasked
      expect(await inPage(unasked, { query: 'unasked' })).toMatchObject({ error: null, ...released })
    })
  },
)

/** 4 s of 1 kHz, 0.75 left and 0.25 right. */
function stereoTone() {
  const sampleRate = 48000
  const channels = [0.75, 0.25].map((level) =>
    Float32Array.from(
      { length: 4 * sampleRate },
      (_, i) => level * Math.sin((2 * Math.PI * 1000 * i) / sampleRate),
    ),
  )
  return { channels, sampleRate }
}

/** Measures the tone in `samples`: its level, its frequency from the phases of both halves, and the largest error of a sample. */
function fitTone(samples: readonly number[], sampleRate: number) {
  const omega = (2 * Math.PI * 1000) / sampleRate
  const fit = (from: number, to: number) => {
    let [re, im] = [0, 0]
    for (let i = from; i < to; i++) {
      re += (2 / (to - from)) * samples[i]! * Math.cos(omega * i)
      im -= (2 / (to - from)) * samples[i]! * Math.sin(omega * i)
    }
    return { level: Math.hypot(re, im), phase: Math.atan2(im, re) }
  }
  const { level, phase } = fit(0, samples.length)
  const half = Math.floor(samples.length / 2)
  const drift = fit(half, 2 * half).phase - fit(0, half).phase
  const wrapped = drift - 2 * Math.PI * Math.round(drift / (2 * Math.PI))
  return {
    level,
    hz: 1000 + (wrapped * sampleRate) / (2 * Math.PI * half),
    worst: samples.reduce((max, x, i) => Math.max(max, Math.abs(x - level * Math.cos(omega * i + phase))), 0),
  }
}

function launch(...flags: string[]): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--host-resolver-rules=MAP insecure.test 127.0.0.1',
    ...flags,
  ]
  return chromium.launch({ executablePath, args })
}

/** Serves a page that runs `script` under the Content-Security-Policy in its address. */
async function serve(script: string): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const isScript = pathname === '/page.js'
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
    if (searchParams.has('policy')) response.setHeader('Content-Security-Policy', searchParams.get('policy')!)
    response.end(isScript ? script : '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folderOfThis, 'microphone-page.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    conditions: ['@esc/source'],
  })
  return outputFiles[0]!.text
}
