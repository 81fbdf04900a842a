/** One attempt to fetch a file, or the rest of it. */
import { type FileHandle, open, rm, stat, writeFile } from 'node:fs/promises'
import { EscError, isEscError } from '@esc/core'
import { type Fetch, type HttpResponse, request, shownUrl } from './http.js'

/** What is there of a file that is not whole yet. */
export interface Part {
  path: string
  /** Keeps `source` and `validator` from one process to the next, as JSON. */
  sidecar: string
  /** SHA-256 of the URL: a URL may hold a secret. */
  source: string
  /** A strong ETag, or a date: with it, and with it alone, the server can go on with this very file. */
  validator: string | null
}

/** What {@link transfer} needs. */
export interface TransferOptions {
  fetch: Fetch
  /** The largest file that is taken, in bytes. */
  maxBytes: number
  /** How long the server may send nothing, in milliseconds. */
  stallMs: number
  signal: AbortSignal | undefined
  onBytes: ((done: number, total: number | null) => void) | undefined
}

/** A failure that may pass: a lost connection, a busy server. */
export class Transient extends Error {
  /** How long the server asks to wait, in milliseconds. */
  readonly waitMs: number
  constructor(message: string, { waitMs = 0, cause }: { waitMs?: number; cause?: unknown } = {}) {
    super(message, { cause })
    this.waitMs = waitMs
  }
}

const PASSING_STATUSES = [408, 425, 429, 500, 502, 503, 504]

/**
 * Asks for the part of the file that is not there, or for all of it where the server could not tell whether its file is
 * still the same, and writes what comes.
 *
 * @throws Transient if the connection or the server fails in a way that may pass, and for any reason while aborted.
 * @throws EscError INVALID_INPUT if the file is larger than `maxBytes`; IO if the server refuses, or the disk.
 */
export async function transfer(url: URL, part: Part, options: TransferOptions): Promise<void> {
  const { fetch, signal, stallMs, maxBytes } = options
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const timely = <T>(work: Promise<T>) => beforeStall(work, stallMs, stop)
  try {
    const offset = part.validator === null ? 0 : await sizeOf(part.path)
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (offset > 0) Object.assign(headers, { range: `bytes=${offset}-`, 'if-range': part.validator })
    const response = await timely(request(url, headers, fetch, either))
    const { start, total } = await readHead(response, url, part, offset)
    if (total !== null && total > maxBytes) throw await tooLarge(part, url, total, maxBytes)
    // Emptied before the sidecar speaks of the new file: a process killed between the two must not join old and new.
    const file = await onDisk(part.path, open(part.path, start === 0 ? 'w' : 'r+'))
    try {
      if (start === 0) await noteValidator(part, validatorOf(response))
      if (start === total) return
      await writeBody(response, file, { ...options, url, part, start, total, timely })
    } finally {
      await file.close()
    }
  } finally {
    // Lets go of the connection, whatever is left on it.
    stop.abort()
  }
}

/** Where the body begins in the file, and how long the file is; a range is taken only if it is the one asked for. */
async function readHead({ status, headers }: HttpResponse, url: URL, part: Part, offset: number) {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new EscError(
      'IO',
      `${shownUrl(url)} comes as ${encoding}, which was not asked for; try another url`,
    )
  }
  if (status === 200) {
    const length = headers.get('content-length') ?? ''
    return { start: 0, total: /^\d{1,15}$/.test(length) ? Number(length) : null }
  }
  const range = headers.get('content-range') ?? ''
  if (offset > 0 && status === 416) {
    // All of it was there already. If-Range holds, or the answer were 200.
    if (range === `bytes */${offset}`) return { start: offset, total: offset }
    throw await startAgain(part, 'does not have the range that was asked for')
  }
  if (offset > 0 && status === 206) {
    const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? []
    const etag = headers.get('etag')
    const isSame = etag === null || !part.validator?.startsWith('"') || etag === part.validator
    if (isSame && Number(first) === offset && Number(last) + 1 === Number(size)) {
      return { start: offset, total: Number(size) }
    }
    throw await startAgain(part, `sent another range than was asked for (${range})`)
  }
  if (PASSING_STATUSES.includes(status)) {
    throw new Transient(`HTTP status ${status}`, { waitMs: retryAfterMs(headers.get('retry-after')) })
  }
  throw new EscError('IO', `${shownUrl(url)}: HTTP status ${status}; check the url`, {
    detail: { url: shownUrl(url), status },
  })
}

interface BodyOptions extends TransferOptions {
  url: URL
  part: Part
  start: number
  total: number | null
  timely<T>(work: Promise<T>): Promise<T>
}

async function writeBody({ body }: HttpResponse, file: FileHandle, options: BodyOptions): Promise<void> {
  const { url, part, start, total, maxBytes, onBytes, timely } = options
  let done = start
  onBytes?.(done, total)
  const chunks = body?.[Symbol.asyncIterator]()
  while (chunks) {
    const { done: ended, value: bytes } = await timely(chunks.next())
    if (ended) break
    if (done + bytes.length > maxBytes) throw await tooLarge(part, url, done + bytes.length, maxBytes)
    await onDisk(part.path, writeAt(file, bytes, done))
    done += bytes.length
    onBytes?.(done, total)
  }
  if (total === null || done === total) return
  if (done > total) throw await startAgain(part, `sent more than the ${total} bytes that it said`)
  throw new Transient(`the connection ended after ${done} of ${total} bytes`)
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten
  }
}

/** A strong ETag, or a date that is strong: the file had not been changed for a second. */
function validatorOf({ headers }: HttpResponse): string | null {
  const etag = headers.get('etag')
  if (etag !== null) return /^"[\x21\x23-\x7e]{0,256}"$/.test(etag) ? etag : null
  const modified = headers.get('last-modified') ?? ''
  const ageMs = Date.parse(headers.get('date') ?? '') - Date.parse(modified)
  return ageMs >= 1000 ? modified : null
}

async function noteValidator(part: Part, validator: string | null): Promise<void> {
  part.validator = validator
  await onDisk(part.sidecar, writeFile(part.sidecar, JSON.stringify({ source: part.source, validator })))
}

async function startAgain(part: Part, deed: string): Promise<Transient> {
  await noteValidator(part, null)
  return new Transient(`the server ${deed}`)
}

async function tooLarge(part: Part, url: URL, bytes: number, maxBytes: number): Promise<EscError> {
  await rm(part.path, { force: true })
  return new EscError(
    'INVALID_INPUT',
    `${shownUrl(url)} has ${bytes} bytes or more, which exceeds maxBytes=${maxBytes}; raise it if that is right`,
    { detail: { url: shownUrl(url), bytes, maxBytes } },
  )
}

/** @returns Milliseconds to wait; 0 where nothing sensible is said. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  // Anything with a number in it is a date to `Date.parse`; HTTP's end in GMT.
  const ms = header.endsWith('GMT') ? Date.parse(header) - Date.now() : 0
  return ms > 0 ? ms : 0
}

/** Awaits one answer of the network. What goes wrong with it may pass. */
async function beforeStall<T>(work: Promise<T>, stallMs: number, stop: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const stall = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Transient(`nothing came for ${stallMs / 1000} s`))
      stop.abort()
    }, stallMs)
  })
  try {
    return await Promise.race([work, stall])
  } catch (cause) {
    if (isEscError(cause) || cause instanceof Transient) throw cause
    throw new Transient(`the connection failed: ${reasonOf(cause)}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** The message, and that of what is beneath it: `fetch failed` alone says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** Size in bytes; 0 if there is no such file. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** @throws EscError IO naming the path, if work on it fails. */
export async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('IO', `cannot read or write ${path}: ${reason}`, { detail: { path }, cause })
  }
}
