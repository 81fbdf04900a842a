/** Fetches ESC-50. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { probeAudio } from '@esc/audio-io/node'
import {
  assertCallback,
  assertKnown,
  assertPositive,
  assertSignal,
  assertText,
  EscError,
  isEscError,
  type OnProgress,
} from '@esc/core'
import { lockFolder, removeAtExit } from '@esc/core/node'
import { openDataset } from '../open/open-dataset.js'
import type { OpenedDataset } from '../open/open-files.js'
import { extractZip } from './extract-zip.js'
import { type FetchFileOptions, fetchFile } from './fetch-file.js'
import { assertFetchable } from './http.js'
import { onDisk } from './transfer.js'

/** Under which terms ESC-50 may be used, for people to read before it is fetched. */
export const ESC50_LICENSE = `ESC-50: Dataset for Environmental Sound Classification, by K. J. Piczak, from https://github.com/karolpiczak/ESC-50
The data set as a whole: Creative Commons Attribution-NonCommercial 3.0, not for commercial use.
  https://creativecommons.org/licenses/by-nc/3.0/
Its ESC-10 subset: Creative Commons Attribution 3.0.
  https://creativecommons.org/licenses/by/3.0/
Every clip's author and licence are in its LICENSE file. Whoever publishes results is asked to cite:
  K. J. Piczak. ESC: Dataset for Environmental Sound Classification.
  Proceedings of the 23rd ACM Conference on Multimedia, Brisbane, 2015. https://doi.org/10.1145/2733373.2806390`

/** Options of {@link downloadEsc50}. */
export interface DownloadEsc50Options
  extends Pick<FetchFileOptions, 'attempts' | 'stallMs' | 'fetch' | 'signal'> {
  /** Where the archive is: a zip file with one top folder. Default GitHub's archive of ESC-50's last commit. */
  url?: string
  /**
   * The archive's SHA-256, hexadecimal; another one is refused. Default `null`: GitHub packs its archives anew from time to
   * time and promises no lasting checksum of them.
   */
  sha256?: string | null
  /** The largest archive that is fetched, in bytes. Default 1 GiB; ESC-50's has 0.6. */
  maxBytes?: number
  /** The most that its files may unpack to, in bytes. Default 2 GiB; ESC-50 has 0.8. */
  maxUnpackedBytes?: number
  /** Shown {@link ESC50_LICENSE} before anything is fetched; throw to decline. Not called if the data set is there. */
  onLicense?: (text: string) => void | Promise<void>
  /**
   * Told of the stages `download` (in bytes), `unpack` and `check` (in files). Where the server does not say how long the
   * archive is, `total` is what it usually is, or 0 for an archive of your own.
   */
  onProgress?: OnProgress | undefined
}

const optionNames: Record<keyof DownloadEsc50Options, true> = {
  attempts: true,
  stallMs: true,
  fetch: true,
  signal: true,
  url: true,
  sha256: true,
  maxBytes: true,
  maxUnpackedBytes: true,
  onLicense: true,
  onProgress: true,
}

const COMMIT = '33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6'
const ARCHIVE_URL = `https://github.com/karolpiczak/ESC-50/archive/${COMMIT}.zip`
/** For progress alone: GitHub does not say how long an archive is. */
const USUAL_BYTES = 645_832_161
/** What makes a data set whole. */
interface Extent {
  clips: number
  classes: number
}
const MAX_UNPACKED_BYTES = 2 * 2 ** 30
const ESC50_EXTENT: Extent = { clips: 2000, classes: 50 }
const WANTED = /^(audio\/\d-\d+-[A-Z]-\d+\.wav|meta\/esc50\.csv|LICENSE|README\.md)$/

/**
 * Fetches ESC-50 (0.6 GB; 1.5 GB of disk while it is unpacked) into a folder that {@link openDataset} opens. If the
 * folder holds a whole ESC-50, nothing is done.
 *
 * All work is done in `<dir>.download`, and the folder is moved into place when it is whole: `dir` is never half a data
 * set. After an abort, a failure or a kill the same call goes on: with the archive it has, or with the rest of it where the
 * server can send a part (GitHub's archives usually come anew). The archive is held against its own CRC-32 checksums, and
 * its content against the table: 2,000 rows of 50 classes, each with a sound file whose header can be read.
 *
 * @param dir - The folder; absent, empty, or a whole ESC-50.
 * @returns The folder's absolute path.
 * @throws EscError CORRUPT_DATA if the archive is damaged, is another than `sha256` says, or is no whole ESC-50 (it is
 *   removed, so that the next call fetches it anew); INVALID_INPUT if the folder holds something else or a limit is
 *   exceeded; INVALID_OPTION if an option is out of range, the URL is not HTTPS (HTTP is taken from localhost alone), or
 *   `dir` is a mount point; IO if the network, the server or the disk fails, or another process downloads to `dir`; the
 *   signal's reason; what `onLicense` throws.
 * @see github.com/karolpiczak/ESC-50; github.blog 2023-02-21 on the checksums of GitHub's archives.
 * @example
 * const dir = await downloadEsc50('data/ESC-50', { onLicense: console.log })
 * const { dataset } = await openDataset(dir)
 */
export async function downloadEsc50(dir: string, options: DownloadEsc50Options = {}): Promise<string> {
  assertKnown('downloadEsc50', options, optionNames)
  assertText('dir', dir)
  assertSignal(options.signal)
  assertCallback('onLicense', options.onLicense)
  assertCallback('onProgress', options.onProgress)
  return downloadWhole(dir, options, ESC50_EXTENT)
}

/** {@link downloadEsc50} of a data set of any extent. */
export async function downloadWhole(
  dir: string,
  options: DownloadEsc50Options,
  extent: Extent,
): Promise<string> {
  const {
    url = ARCHIVE_URL,
    sha256 = null,
    maxUnpackedBytes = MAX_UNPACKED_BYTES,
    onLicense,
    signal,
  } = options
  // What could be refused later is refused now, before minutes of fetching.
  assertFetchable(url)
  assertPositive('maxUnpackedBytes', maxUnpackedBytes)
  if (sha256 !== null && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new EscError('INVALID_OPTION', `sha256=${sha256} must be 64 hexadecimal digits`)
  }
  signal?.throwIfAborted()
  const root = await realpath(resolve(dir)).catch(() => resolve(dir))
  if (await isWhole(root, extent)) return root
  await assertVacant(root)
  await onLicense?.(ESC50_LICENSE)
  const work = `${root}.download`
  await onDisk(work, mkdir(work, { recursive: true }))
  const unlock = await lockFolder(work)
  try {
    // Another process may have had the folder until now.
    if (!(await isWhole(root, extent))) {
      const unpacked = await fetchAndUnpack(work, options, extent)
      await onDisk(root, moveInto(unpacked, root))
    }
  } catch (error) {
    await unlock()
    // Only if nothing is in it.
    await rmdir(work).catch(() => {})
    throw error
  }
  await onDisk(work, rm(work, { recursive: true, force: true }))
  return root
}

async function fetchAndUnpack(work: string, options: DownloadEsc50Options, extent: Extent): Promise<string> {
  const { sha256 = null, maxUnpackedBytes = MAX_UNPACKED_BYTES, signal, onProgress } = options
  const archive = join(work, 'archive.zip')
  const unpacked = join(work, 'unpacked')
  await fetchArchive(archive, options)
  const forget = removeAtExit(unpacked)
  try {
    if (sha256 !== null) await assertHash(archive, sha256)
    await onDisk(
      unpacked,
      rm(unpacked, { recursive: true, force: true }).then(() => mkdir(unpacked)),
    )
    await extractZip(archive, unpacked, { wanted: WANTED, maxBytes: maxUnpackedBytes, signal, onProgress })
    await assertWhole(archive, unpacked, extent, options)
    return unpacked
  } catch (error) {
    // The next call empties it anyway; what went wrong first is what counts.
    await rm(unpacked, { recursive: true, force: true }).catch(() => {})
    if (isEscError(error, 'CORRUPT_DATA')) await rm(archive, { force: true })
    throw error
  } finally {
    forget()
  }
}

async function fetchArchive(archive: string, options: DownloadEsc50Options): Promise<void> {
  const { url = ARCHIVE_URL, maxBytes = 2 ** 30, onProgress, attempts, stallMs, fetch, signal } = options
  const usual = url === ARCHIVE_URL ? USUAL_BYTES : 0
  await fetchFile(url, archive, {
    maxBytes,
    attempts,
    stallMs,
    fetch,
    signal,
    onBytes(done, total) {
      onProgress?.({ stage: 'download', done, total: total ?? (usual && Math.max(usual, done)) })
    },
  })
}

async function assertHash(archive: string, sha256: string): Promise<void> {
  const found = await onDisk(archive, hashOf(archive))
  if (found === sha256.toLowerCase()) return
  throw new EscError(
    'CORRUPT_DATA',
    `${archive} has the SHA-256 ${found}, not ${sha256}; fetch it again, or mend sha256`,
    {
      detail: { path: archive, found },
    },
  )
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest('hex')
}

/** Whether the folder holds a whole ESC-50, as far as its table and its list of files tell. */
async function isWhole(root: string, extent: Extent): Promise<boolean> {
  try {
    return faultOf(await openDataset(root), extent) === null
  } catch (error) {
    if (isEscError(error)) return false
    throw error
  }
}

function faultOf({ dataset, missing }: OpenedDataset, { clips, classes }: Extent): string | null {
  const { records, labels, synthetic } = dataset
  if (synthetic) return 'its sounds are synthetic'
  if (records.length !== clips || labels.length !== classes) {
    return `its table has ${records.length} clips of ${labels.length} classes, not ${clips} of ${classes}`
  }
  return missing.length > 0
    ? `${missing.length} of its sounds are missing, ${missing[0]!.filename} among them`
    : null
}

async function assertWhole(
  archive: string,
  unpacked: string,
  extent: Extent,
  { signal, onProgress }: DownloadEsc50Options,
): Promise<void> {
  try {
    const opened = await openDataset(unpacked)
    const fault = faultOf(opened, extent)
    if (fault !== null) throw new EscError('CORRUPT_DATA', fault)
    for (const [index, record] of opened.dataset.records.entries()) {
      signal?.throwIfAborted()
      await probeAudio(opened.pathOf(record))
      onProgress?.({ stage: 'check', done: index + 1, total: extent.clips, detail: record.filename })
    }
  } catch (cause) {
    if (!isEscError(cause) || isDiskError(cause)) throw cause
    throw new EscError('CORRUPT_DATA', `${archive} is no whole ESC-50: ${cause.message}`, {
      detail: { path: archive },
      cause,
    })
  }
}

/** Whether the disk failed, and not the archive: what should be there is there, and cannot be read. */
function isDiskError(error: EscError): boolean {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  return error.code === 'IO' && code !== undefined && !['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)
}

/** @throws EscError unless a finished folder could be moved to `root`. */
async function assertVacant(root: string): Promise<void> {
  const found = await stat(root).catch(() => null)
  if (found === null) {
    if ((await lstat(root).catch(() => null)) === null) return
    throw new EscError('IO', `${root} is a link that leads nowhere; remove it or choose another folder`, {
      detail: { path: root },
    })
  }
  if ((await onDisk(root, readdir(root))).length > 0) {
    throw new EscError(
      'INVALID_INPUT',
      `${root} holds something else than a whole ESC-50; empty it or choose another folder`,
      {
        detail: { path: root },
      },
    )
  }
  if ((await stat(dirname(root))).dev !== found.dev) {
    throw new EscError(
      'INVALID_OPTION',
      `dir=${root} is a mount point, which nothing can be moved to; name a folder in it`,
    )
  }
}

async function moveInto(unpacked: string, root: string): Promise<void> {
  // Windows does not move a folder over an empty one.
  await rmdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(unpacked, root)
}
