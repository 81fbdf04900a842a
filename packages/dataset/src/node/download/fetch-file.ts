/** Fetches one large file, and goes on where an earlier attempt ended. */
import { createHash } from 'node:crypto'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { assertInteger, assertPositive, EscError, isEscError } from '@esc/core'
import { onDisk, reasonOf } from '@esc/core/node'
import * as z from 'zod/mini'
import { assertFetchable, type Fetch, type HttpResponse, request, shownUrl } from './http.js'

/** Options of {@link fetchFile}. */
export interface FetchFileOptions {
  /** The largest file that is accepted, in bytes. */
  maxBytes: number
  /** How many attempts there are before it fails. @defaultValue `6` */
  attempts?: number | undefined
  /** How long the server may send nothing, in milliseconds. @defaultValue `60_000` */
  stallMs?: number | undefined
  /** Does the requests. @defaultValue the global `fetch` */
  fetch?: Fetch | undefined
  /** Aborts the work. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Gets the number of bytes on the disk, and in the whole file if the server says it. @defaultValue none */
  onBytes?: ((done: number, total: number | null) => void) | undefined
  /** Waits between attempts. @defaultValue a timer */
  sleep?: (ms: number) => Promise<void>
}

const firstWaitMs = 1000
const longestWaitMs = 30_000
/** If a server asks for a longer wait, the call fails, and the user comes back later. */
const longestRetryAfterMs = 300_000
const passingStatuses = [408, 425, 429, 500, 502, 503, 504]

/** The file on the disk while it is not whole. */
interface Part {
  path: string
  /** A JSON file that keeps `source` and `etag` from one process to the next. */
  sidecar: string
  /** SHA-256 of the URL: a URL may hold a secret. */
  source: string
  /** The server's strong ETag of this file. Only with it can the server go on with the same file. */
  etag: string | null
}

const strongEtag = /^"[\x21\x23-\x7e]{0,256}"$/
const sidecarSchema = z.object({
  source: z.string(),
  etag: z.nullable(z.string().check(z.regex(strongEtag))),
})

/** A failure that may pass: a lost connection, a busy server. */
class Transient extends Error {
  /** How long the server asks to wait, in milliseconds. */
  readonly waitMs: number
  constructor(message: string, { waitMs = 0, cause }: { waitMs?: number; cause?: unknown } = {}) {
    super(message, { cause })
    this.waitMs = waitMs
  }
}

/**
 * Fetches a file to `path`. Until it is whole, it is `path.part`, with `path.json` beside it. A later call goes on from there if
 * the server allows it (`Range` with `If-Range`). It starts again if the server does not, or has another file now. After a failure
 * that may pass it tries again, in 1 s, 2 s, 4 s and so on, or when the server says.
 *
 * @throws EscError INVALID_OPTION if the URL may not be fetched or an option is out of range; INVALID_INPUT if the file is larger
 *   than `maxBytes`; IO if the server refuses or fails too often, or the disk fails; the signal's reason.
 * @see RFC 9110, sections 8.8.3 (ETag), 10.2.3 (Retry-After), 13.1.5 (If-Range), 14 (ranges).
 * @example await fetchFile('https://example.org/set.zip', 'set.zip', { maxBytes: 1e9 })
 */
export async function fetchFile(url: string, path: string, options: FetchFileOptions): Promise<void> {
  const { maxBytes, attempts = 6, stallMs = 60_000, signal, onBytes = () => {} } = options
  // The types of a page do not say that a response's body can be iterated, as it can in Node.
  const { fetch = globalThis.fetch as Fetch } = options
  // An abort ends the wait; the loop below then throws its reason.
  const { sleep = (ms: number) => delay(ms, undefined, signal && { signal }).catch(() => {}) } = options
  const address = assertFetchable(url)
  assertPositive('maxBytes', maxBytes)
  assertInteger('attempts', attempts, 1)
  assertPositive('stallMs', stallMs)
  const part = await findPart(url, path)
  if (part === null) return
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const failure = await transfer(address, part, { maxBytes, stallMs, fetch, signal, onBytes })
    if (failure === null) break
    signal?.throwIfAborted()
    if (attempt === attempts || failure.waitMs > longestRetryAfterMs) {
      const when = failure.waitMs > 0 ? `in ${Math.ceil(failure.waitMs / 1000)} s` : 'later'
      const found = `${failure.message}, at attempt ${attempt} of ${attempts}`
      throw new EscError('IO', `${shownUrl(address)}: ${found}; try again ${when}`, {
        detail: { url: shownUrl(address), attempts: attempt },
        cause: failure,
      })
    }
    await sleep(Math.max(failure.waitMs, Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1))))
  }
  await onDisk('write', path, rename(part.path, path))
}

/** What an earlier call left of this URL's file; `null` if the file is whole. It removes what a call for another URL left. */
async function findPart(url: string, path: string): Promise<Part | null> {
  const source = createHash('sha256').update(url).digest('hex')
  const part: Part = { path: `${path}.part`, sidecar: `${path}.json`, source, etag: null }
  const text = await readFile(part.sidecar, 'utf8').catch(() => '')
  const known = z.safeParse(sidecarSchema, parseJson(text))
  if (!known.success || known.data.source !== source) {
    for (const stale of [path, part.path]) await onDisk('remove', stale, rm(stale, { force: true }))
    return part
  }
  return (await sizeOf(path)) > 0 ? null : { ...part, etag: known.data.etag }
}

interface TransferOptions {
  fetch: Fetch
  maxBytes: number
  stallMs: number
  signal: AbortSignal | undefined
  onBytes(done: number, total: number | null): void
}

/**
 * One attempt: it requests the part of the file that is not there (or all of it, without an ETag), and writes what comes.
 *
 * @returns `null` if the file is whole, or the failure if it may pass.
 */
async function transfer(url: URL, part: Part, options: TransferOptions): Promise<Transient | null> {
  const { fetch, signal, stallMs, maxBytes, onBytes } = options
  const stop = new AbortController()
  const stalled = new Transient(`nothing came for ${stallMs / 1000} s`)
  const timer = setTimeout(() => stop.abort(stalled), stallMs)
  const fail = (cause: unknown): never => {
    if (isEscError(cause)) throw cause
    if (stop.signal.aborted) throw stalled
    throw new Transient(`the connection failed: ${networkReasonOf(cause)}`, { cause })
  }
  try {
    const offset = part.etag === null ? 0 : await sizeOf(part.path)
    const range = offset > 0 ? { range: `bytes=${offset}-`, 'if-range': part.etag! } : {}
    const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    const headers = { 'accept-encoding': 'identity', ...range }
    const response = await request(url, headers, fetch, either).catch(fail)
    const { start, total } = await readHead(response, url, part, offset)
    if (total !== null && total > maxBytes) throw await tooLarge(part, url, total, maxBytes)
    // The file is emptied before the sidecar names the new one: a process killed between the two must not join old and new.
    const file = await onDisk('write', part.path, open(part.path, start === 0 ? 'w' : 'a'))
    try {
      if (start === 0) await noteEtag(part, response.headers.get('etag'))
      if (start === total) return null
      let done = start
      onBytes(done, total)
      for await (const bytes of chunksOf(response, fail)) {
        timer.refresh()
        if (done + bytes.length > maxBytes) throw await tooLarge(part, url, done + bytes.length, maxBytes)
        await onDisk('write', part.path, file.appendFile(bytes))
        done += bytes.length
        onBytes(done, total)
      }
      if (total === null || done === total) return null
      if (done > total) throw await startAgain(part, `sent more than the ${total} bytes that it said`)
      throw new Transient(`the connection ended after ${done} of ${total} bytes`)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof Transient) return cause
    throw cause
  } finally {
    clearTimeout(timer)
    // Closes the connection, whatever is left on it.
    stop.abort()
  }
}

/** Where the body begins in the file, and how long the file is. A range is accepted only if it is the requested one. */
async function readHead({ status, headers }: HttpResponse, url: URL, part: Part, offset: number) {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    const found = `${shownUrl(url)} comes as ${encoding}, which was not requested`
    throw new EscError('IO', `${found}; try another url`)
  }
  if (status === 200) {
    const length = headers.get('content-length') ?? ''
    return { start: 0, total: /^\d{1,15}$/.test(length) ? Number(length) : null }
  }
  const range = headers.get('content-range') ?? ''
  if (offset > 0 && status === 416) {
    // All of the file was there already: with another ETag, If-Range would have made the answer a 200.
    if (range === `bytes */${offset}`) return { start: offset, total: offset }
    throw await startAgain(part, 'does not have the requested range')
  }
  if (offset > 0 && status === 206) {
    const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? []
    const isSame = (headers.get('etag') ?? part.etag) === part.etag
    if (isSame && Number(first) === offset && Number(last) + 1 === Number(size)) {
      return { start: offset, total: Number(size) }
    }
    throw await startAgain(part, `sent another range than the requested one (${range})`)
  }
  if (passingStatuses.includes(status)) {
    const seconds = headers.get('retry-after') ?? ''
    throw new Transient(`HTTP status ${status}`, {
      waitMs: /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : 0,
    })
  }
  throw new EscError('IO', `${shownUrl(url)}: HTTP status ${status}; check the url`, {
    detail: { url: shownUrl(url), status },
  })
}

/** The body as it comes. Errors of the network go to `fail`; errors of the code that takes the chunks do not. */
async function* chunksOf(
  { body }: HttpResponse,
  fail: (cause: unknown) => never,
): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body
  } catch (cause) {
    fail(cause)
  }
}

async function noteEtag(part: Part, etag: string | null): Promise<void> {
  part.etag = etag !== null && strongEtag.test(etag) ? etag : null
  const text = JSON.stringify({ source: part.source, etag: part.etag })
  await onDisk('write', part.sidecar, writeFile(part.sidecar, text))
}

/** Makes the next attempt fetch the whole file. */
async function startAgain(part: Part, deed: string): Promise<Transient> {
  await noteEtag(part, null)
  return new Transient(`the server ${deed}`)
}

async function tooLarge(part: Part, url: URL, bytes: number, maxBytes: number): Promise<EscError> {
  await rm(part.path, { force: true })
  const found = `${shownUrl(url)} has ${bytes} bytes or more, which exceeds maxBytes=${maxBytes}`
  return new EscError('INVALID_INPUT', `${found}; raise it if that is right`, {
    detail: { url: shownUrl(url), bytes, maxBytes },
  })
}

/** The message of an error and of its cause: `fetch failed` alone says nothing. */
function networkReasonOf(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: unknown }
  return cause instanceof Error ? `${reasonOf(error)}: ${cause.message}` : reasonOf(error)
}

/** Size in bytes; 0 if there is no such file. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
