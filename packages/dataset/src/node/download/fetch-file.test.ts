import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FetchFileOptions, fetchFile } from './fetch-file.js'
import type { HttpResponse } from './http.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const file = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 5))
const half = file.subarray(0, 150_000)

let server: Server
let dir = ''
let path = ''
let url = ''
/** Answers to the requests, in their order; the last one answers all that follow. */
let answers: Handler[]
let requests: IncomingMessage[]
let waits: number[]
/** Ends the connection of a `broken` answer; called when its bytes have arrived, for a connection takes with it what is under way. */
let hangUp: () => void

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-fetch-'))
  path = join(dir, 'set.zip')
  requests = []
  waits = []
  hangUp = () => {}
  server = createServer((request, response) => {
    requests.push(request)
    answers[Math.min(requests.length, answers.length) - 1]!(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.zip?key=secret`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(dir, { recursive: true, force: true })
})

const run = (options: Partial<FetchFileOptions> = {}) =>
  fetchFile(url, path, {
    maxBytes: 1e6,
    sleep: async (ms) => {
      waits.push(ms)
    },
    ...options,
    onBytes(done, total) {
      if (done >= half.length) hangUp()
      options.onBytes?.(done, total)
    },
  })

const whole =
  (headers: Record<string, string> = { etag: '"one"' }, bytes = file): Handler =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes)
  }

/** Sends the first half of all it promises, and hangs up. */
const broken =
  (headers: Record<string, string> = { etag: '"one"' }): Handler =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': file.length, ...headers })
    response.write(half)
    hangUp = () => {
      hangUp = () => {}
      response.socket!.destroy()
    }
  }

/** Sends the requested range, as an honest server does. */
const rest =
  (headers: Record<string, string> = { etag: '"one"' }): Handler =>
  (request, response) => {
    const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1])
    const range = `bytes ${first}-${file.length - 1}/${file.length}`
    response.writeHead(206, { 'content-range': range, ...headers }).end(file.subarray(first))
  }

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end('sorry')
  }

async function expectWhole(): Promise<void> {
  expect((await readFile(path)).equals(file)).toBe(true)
  expect((await readdir(dir)).sort()).toEqual(['set.zip', 'set.zip.json'])
}

describe('fetchFile', () => {
  test('fetches a file with its length and without, with one request', async () => {
    const seen: [number, number | null][] = []
    answers = [whole()]
    await run({ onBytes: (done, total) => seen.push([done, total]) })
    await expectWhole()
    expect(seen[0]).toEqual([0, file.length])
    expect(seen.at(-1)).toEqual([file.length, file.length])
    expect(requests[0]!.headers).toMatchObject({ 'accept-encoding': 'identity' })
    await run()
    expect(requests.length).toBe(1)

    await rm(path)
    answers = [(_request, response) => response.end(file)]
    seen.length = 0
    await run({ onBytes: (done, total) => seen.push([done, total]) })
    await expectWhole()
    expect(seen.at(-1)).toEqual([file.length, file.length])
  })

  test('goes on after a lost connection, by range and ETag', async () => {
    answers = [broken(), rest()]
    await run()
    await expectWhole()
    expect(requests[1]!.headers).toMatchObject({ range: 'bytes=150000-', 'if-range': '"one"' })
  })

  test('goes on after an abort or a kill, in another call', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    answers = [(_request, response) => response.writeHead(200, { etag: '"one"' }).write(half), rest()]
    const onBytes = (done: number) => done >= half.length && stop.abort(reason)
    await expect(run({ signal: stop.signal, onBytes })).rejects.toBe(reason)
    expect((await stat(`${path}.part`)).size).toBe(half.length)
    expect(await readFile(`${path}.json`, 'utf8')).not.toContain('secret')
    await run()
    await expectWhole()
    expect(requests[1]!.headers.range).toBe('bytes=150000-')
  })

  test('requests no byte again after a kill behind the last byte', async () => {
    answers = [whole(), status(416, { 'content-range': `bytes */${file.length}` })]
    await run()
    await writeFile(`${path}.part`, file)
    await rm(path)
    await run()
    await expectWhole()
    expect(requests[1]!.headers.range).toBe('bytes=300000-')
  })

  test.each<[string, Handler[]]>([
    ['ignores ranges', [broken(), whole()]],
    ['has another file by now', [broken(), whole({ etag: '"two"' })]],
    ['sends another range', [broken(), claiming('bytes 0-299999/300000'), whole()]],
    ['sends a shorter range', [broken(), claiming('bytes 150000-200000/300000'), whole()]],
    ['sends no range', [broken(), claiming(''), whole()]],
    ['sends the range of another file', [broken(), rest({ etag: '"two"' }), whole()]],
    ['has a shorter file by now', [broken(), status(416, { 'content-range': 'bytes */10' }), whole()]],
    ['sends more than its range', [broken(), claiming('bytes 150000-299998/299999'), whole()]],
  ])('starts again if the server %s', async (_name, handlers) => {
    answers = handlers
    await run()
    await expectWhole()
    expect(requests.length).toBe(handlers.length)
    if (handlers.length === 3) expect(requests[2]!.headers.range).toBeUndefined()
  })

  test.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['a weak ETag', { etag: 'W/"one"' }],
    ['a date', { 'last-modified': 'Sat, 01 Jan 2022 00:00:00 GMT', date: 'Sat, 01 Jan 2022 00:00:01 GMT' }],
  ])('asks for the whole file again if the server names it by %s', async (_name, headers) => {
    answers = [broken(headers), whole()]
    await run()
    await expectWhole()
    expect(requests[1]!.headers).not.toHaveProperty('range')
    expect(requests[1]!.headers).not.toHaveProperty('if-range')
  })

  /** Sends the second half under a range of its own. */
  function claiming(range: string): Handler {
    return (_request, response) =>
      response
        .writeHead(206, { etag: '"one"', ...(range && { 'content-range': range }) })
        .end(file.subarray(150_000))
  }

  test('starts again for another url, and for a sidecar that is damaged', async () => {
    answers = [broken(), whole()]
    await expect(run({ attempts: 1 })).rejects.toThrow(throwsCode('IO'))
    await fetchFile(`${url}2`, path, { maxBytes: 1e6 })
    await expectWhole()
    expect(requests[1]!.headers.range).toBeUndefined()
    await writeFile(`${path}.part`, half)
    for (const text of ['', '{', '{"source":1}', '{"source":"x","validator":"a\\r\\nb"}']) {
      await writeFile(`${path}.json`, text)
      await rm(path, { force: true })
      await run()
      await expectWhole()
      expect(requests.at(-1)!.headers.range).toBeUndefined()
    }
  })

  test('waits longer each time, or as long as the server says', async () => {
    answers = [
      status(500),
      status(502),
      status(503, { 'retry-after': '7' }),
      status(429, { 'retry-after': 'soon' }),
      whole(),
    ]
    await run()
    await expectWhole()
    expect(waits).toEqual([1000, 2000, 7000, 8000])
  })

  test.each<[string, Handler, Partial<FetchFileOptions>, string, RegExp, number]>([
    ['is not there', status(404), {}, 'IO', /set\.zip: HTTP status 404; check the url/, 1],
    [
      'is always busy',
      status(503),
      { attempts: 3 },
      'IO',
      /HTTP status 503, at attempt 3 of 3; try again later/,
      3,
    ],
    [
      'is to be waited for too long',
      status(429, { 'retry-after': '3600' }),
      {},
      'IO',
      /try again in 3600 s/,
      1,
    ],
    ['is too large', whole(), { maxBytes: 10 }, 'INVALID_INPUT', /300000 bytes or more.*maxBytes=10;/, 1],
    ['is packed again', whole({ 'content-encoding': 'gzip' }), {}, 'IO', /comes as gzip/, 1],
    ['is cut short each time', broken({}), { attempts: 2 }, 'IO', /at attempt 2 of 2/, 2],
    ['is a range that was not requested', claiming('bytes 0-1/2'), {}, 'IO', /HTTP status 206/, 1],
  ])('says so if the file %s', async (_name, handler, options, code, message, count) => {
    answers = [handler]
    const work = run(options)
    await expect(work).rejects.toThrow(throwsCode(code, message))
    await expect(work).rejects.not.toThrow('secret')
    expect(requests.length).toBe(count)
    expect(await readdir(dir)).not.toContain('set.zip')
  })

  test('ends an endless body at maxBytes, and keeps none of it', async () => {
    answers = [
      (_request, response) => {
        const more = () => {
          while (!response.destroyed && response.write(file));
        }
        response.on('drain', more)
        more()
      },
    ]
    await expect(run()).rejects.toMatchObject({ code: 'INVALID_INPUT', detail: { maxBytes: 1e6 } })
    expect(await readdir(dir)).toEqual(['set.zip.json'])
  })

  test.each([
    ['shorter', 1000],
    ['longer', -1000],
  ])('does not believe a response that is %s than it says', async (_name, surplus) => {
    // Below fetch, HTTP itself keeps a body to its length; a fetch of one's own need not.
    const lying = async (): Promise<HttpResponse> =>
      new Response(file, {
        headers: { 'content-length': String(file.length + surplus), etag: '"one"' },
      }) as HttpResponse
    await expect(run({ fetch: lying, attempts: 2 })).rejects.toThrow(throwsCode('IO'))
    expect(waits.length).toBe(1)
    expect(await readdir(dir)).not.toContain('set.zip')
  })

  test('gives a silent server up, before its answer and within it, and tries again', async () => {
    answers = [
      () => {},
      (_request, response) =>
        response.writeHead(200, { etag: '"one"', 'content-length': file.length }).write(half),
      rest(),
    ]
    // Far longer than this process stands still when the machine is busy: it has both ends of the connection.
    await run({ stallMs: 2000 })
    await expectWhole()
    expect(waits.length).toBe(2)
    answers = [() => {}]
    await rm(path)
    await expect(run({ stallMs: 50, attempts: 1 })).rejects.toThrow(/nothing came for 0\.05 s/)
  })

  test('stops while it waits, and before it begins, with the reason of the abort', async () => {
    const stop = new AbortController()
    const reason = { why: 'enough' }
    answers = [
      (request, response) => {
        status(503, { 'retry-after': '200' })(request, response)
        setTimeout(() => stop.abort(reason), 20)
      },
    ]
    const options = { maxBytes: 1e6, signal: stop.signal }
    await expect(fetchFile(url, path, options)).rejects.toBe(reason)
    await expect(fetchFile(url, path, options)).rejects.toBe(reason)
    expect(requests.length).toBe(1)
  })

  test('reports the cause of a failed connection', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(run({ attempts: 1 })).rejects.toThrow(/fetch failed: connect ECONNREFUSED/)
  })

  test('names the path that cannot be written, and does not try again', async () => {
    answers = [whole()]
    const missing = join(dir, 'none', 'set.zip')
    await expect(fetchFile(url, missing, { maxBytes: 1e6 })).rejects.toThrow(throwsCode('IO', missing))
    expect(requests.length).toBe(1)
  })
})

describe('redirects', () => {
  const to = (location: string): Handler => status(302, { location })

  test('are followed', async () => {
    answers = [to('/elsewhere'), to(url.replace('127.0.0.1', 'localhost')), whole()]
    server.close()
    server = createServer((request, response) => {
      requests.push(request)
      answers[requests.length - 1]!(request, response)
    })
    await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), resolve))
    await run()
    await expectWhole()
    expect(requests.map((request) => request.url)).toEqual([
      '/set.zip?key=secret',
      '/elsewhere',
      '/set.zip?key=secret',
    ])
  })

  test.each([
    [
      'to plain HTTP',
      'http://example.org/set.zip?key=secret',
      /redirects to http:\/\/example\.org\/set\.zip, which must begin with https/,
    ],
    ['to a file', 'file:///etc/passwd', /which must begin with https/],
    ['to nowhere', 'https://', /redirects to nowhere/],
    ['in a circle', '/set.zip', /redirects more than 5 times/],
  ])('are refused %s', async (_name, location, message) => {
    answers = [to(location)]
    const work = run()
    await expect(work).rejects.toThrow(throwsCode('IO', message))
    await expect(work).rejects.not.toThrow('secret')
    expect(waits).toEqual([])
  })

  test('from HTTPS to HTTP are refused even to this machine', async () => {
    const fetch = vi.fn(
      async () => new Response(null, { status: 301, headers: { location: url } }) as HttpResponse,
    )
    const work = fetchFile('https://example.org/set.zip', path, { maxBytes: 1, fetch })
    await expect(work).rejects.toThrow(throwsCode('IO', /which must begin with https:\/\/$/))
    expect(fetch).toHaveBeenCalledOnce()
    expect(requests.length).toBe(0)
  })
})

describe('options', () => {
  test.each([
    ['http://example.org/a.zip', {}, /must begin with https/],
    ['http://localhost.example.org/a.zip', {}, /must begin with https/],
    ['ftp://localhost/a.zip', {}, /must begin with https/],
    ['file:///etc/passwd', {}, /must begin with https/],
    ['set.zip', {}, /url=set\.zip must begin with https/],
    ['https://me:word@example.org/a.zip', {}, /url=https:\/\/example\.org\/a\.zip must not hold a user name/],
    ['https://example.org/a.zip', { maxBytes: Number.NaN }, /maxBytes=NaN/],
    ['https://example.org/a.zip', { attempts: 0 }, /attempts=0/],
    ['https://example.org/a.zip', { stallMs: 0 }, /stallMs=0/],
  ])('%s %o is refused before anything is asked or written', async (address, options, message) => {
    const fetch = vi.fn()
    const work = fetchFile(address, path, { maxBytes: 1, fetch, ...options })
    await expect(work).rejects.toThrow(throwsCode('INVALID_OPTION', message))
    expect(fetch).not.toHaveBeenCalled()
    expect(await readdir(dir)).toEqual([])
  })
})
