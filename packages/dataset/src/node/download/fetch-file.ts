/** Fetches one large file, and goes on where it was broken off. */
import { createHash, randomInt } from 'node:crypto'
import { readFile, rename, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { assertInteger, assertPositive, createRng, EscError, type Rng } from '@esc/core'
import * as z from 'zod/mini'
import { assertFetchable, type Fetch, shownUrl } from './http.js'
import { onDisk, type Part, sizeOf, type TransferOptions, Transient, transfer } from './transfer.js'

/** Options of {@link fetchFile}. */
export interface FetchFileOptions {
  /** The largest file that is taken, in bytes. */
  maxBytes: number
  /** How often it is tried before it fails. Default 6. */
  attempts?: number | undefined
  /** How long the server may send nothing, in milliseconds. Default 60,000. */
  stallMs?: number | undefined
  /** Does the requests. Default the global `fetch`. */
  fetch?: Fetch | undefined
  signal?: AbortSignal | undefined
  /** Told how many bytes are there, and of how many where the server says. */
  onBytes?: ((done: number, total: number | null) => void) | undefined
  /** Waits between attempts. Default a timer. */
  sleep?: (ms: number) => Promise<void>
  /** Spreads the waits, so that many clients do not return at once. Default seeded by chance. */
  rng?: Rng
}

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
/** Who is told to wait longer had better come back later. */
const LONGEST_RETRY_AFTER_MS = 300_000

const sidecarSchema = z.object({
  source: z.string(),
  validator: z.nullable(z.string().check(z.regex(/^[\x20-\x7e]{1,300}$/))),
})

/**
 * Fetches a file to `path`. Until it is whole it is `path.part`, with `path.json` beside it; a later call goes on from
 * there where the server allows it (`Range` with `If-Range`), and starts again where it does not, or where its file has
 * changed. Passing failures are tried again after 1 s, 2 s, 4 s and so on, or when the server says.
 *
 * @throws EscError INVALID_OPTION if the URL may not be fetched from or an option is out of range; INVALID_INPUT if the
 *   file is larger than `maxBytes`; IO if the server refuses, fails too often, or the disk does; the signal's reason.
 * @see RFC 9110, sections 8.8 (validators), 10.2.3 (Retry-After), 13.1.5 (If-Range), 14 (ranges).
 * @example await fetchFile('https://example.org/set.zip', 'set.zip', { maxBytes: 1e9 })
 */
export async function fetchFile(url: string, path: string, options: FetchFileOptions): Promise<void> {
  const { maxBytes, attempts = 6, stallMs = 60_000, signal, onBytes } = options
  // A response's body can be iterated in Node, which the types of a page do not say.
  const { fetch = globalThis.fetch as Fetch } = options
  const { rng = createRng(randomInt(2 ** 32)), sleep = timer(signal) } = options
  const address = assertFetchable(url)
  assertPositive('maxBytes', maxBytes)
  assertInteger('attempts', attempts, 1)
  assertPositive('stallMs', stallMs)
  const part = await findPart(url, path)
  if (part === null) return
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const failure = await tryTransfer(address, part, { maxBytes, stallMs, fetch, signal, onBytes })
    if (failure === null) break
    if (attempt === attempts || failure.waitMs > LONGEST_RETRY_AFTER_MS) {
      const when = failure.waitMs > 0 ? `in ${Math.ceil(failure.waitMs / 1000)} s` : 'later'
      throw new EscError(
        'IO',
        `${shownUrl(address)}: ${failure.message}, at attempt ${attempt} of ${attempts}; try again ${when}`,
        { detail: { url: shownUrl(address), attempts: attempt }, cause: failure },
      )
    }
    const backoffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1))
    await sleep(Math.max(failure.waitMs, backoffMs * (0.5 + 0.5 * rng.uniform())))
  }
  await onDisk(path, rename(part.path, path))
}

/** What an earlier call left of this URL's file; `null` if that is whole. What it left of another's is removed. */
async function findPart(url: string, path: string): Promise<Part | null> {
  const source = createHash('sha256').update(url).digest('hex')
  const part: Part = { path: `${path}.part`, sidecar: `${path}.json`, source, validator: null }
  const known = z.safeParse(sidecarSchema, parseJson(await readFile(part.sidecar, 'utf8').catch(() => '')))
  if (!known.success || known.data.source !== source) {
    for (const stale of [path, part.path]) await onDisk(stale, rm(stale, { force: true }))
    return part
  }
  return (await sizeOf(path)) > 0 ? null : { ...part, validator: known.data.validator }
}

async function tryTransfer(url: URL, part: Part, options: TransferOptions): Promise<Transient | null> {
  try {
    await transfer(url, part, options)
    return null
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof Transient) return error
    throw error
  }
}

function timer(signal: AbortSignal | undefined): (ms: number) => Promise<void> {
  return async (ms) => {
    try {
      await delay(ms, undefined, signal && { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
