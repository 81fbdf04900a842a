/** Downloads ESC-50: `downloadEsc50`. */
import { lstat, mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
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
import { hashFile, lockFolder, onDisk, removeAtExit } from '@esc/core/node'
import { extractZip } from './extract-zip.js'
import { type FetchFileOptions, fetchFile } from './fetch-file.js'
import { assertFetchable } from './http.js'
import { assertWhole, type Extent, isWhole } from './whole-dataset.js'

/** The terms of use of ESC-50, for people to read before the download. */
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
  /** Address of the archive: a zip file with one top folder. @defaultValue GitHub's archive of ESC-50's last commit */
  url?: string
  /**
   * SHA-256 of the archive, hexadecimal; an archive with another one is refused. `null` does not check it: GitHub packs its
   * archives anew from time to time and promises no lasting checksum of them.
   *
   * @defaultValue `null`
   */
  sha256?: string | null
  /** The largest archive that is accepted, in bytes. ESC-50's has 0.6 GiB. @defaultValue 1 GiB */
  maxBytes?: number
  /** The most bytes that the files may unpack to. ESC-50's have 0.8 GiB. @defaultValue 2 GiB */
  maxUnpackedBytes?: number
  /** Gets {@link ESC50_LICENSE} before the download begins, unless the data set is there. Throw to decline. @defaultValue none */
  onLicense?: (text: string) => void | Promise<void>
  /**
   * Gets the stages `download` (in bytes), `unpack` and `check` (in files). If the server does not say how long the archive is,
   * `total` is the usual length of ESC-50's archive, or 0 for an archive of your own.
   *
   * @defaultValue none
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

const commit = '33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6'
const archiveUrl = `https://github.com/karolpiczak/ESC-50/archive/${commit}.zip`
/** For progress alone: GitHub does not say how long an archive is. */
const usualBytes = 645_832_161
const wanted = /^(audio\/\d-\d+-[A-Z]-\d+\.wav|meta\/esc50\.csv|LICENSE|README\.md)$/

const esc50Extent: Extent = { clips: 2000, classes: 50 }

/**
 * Downloads ESC-50 (0.6 GB; it takes 1.5 GB of disk while it is unpacked) into a folder that {@link openDataset} opens. If the folder
 * holds a whole ESC-50, nothing is done.
 *
 * All work is done in `<dir>.download`. The folder is moved into place when it is whole, so `dir` is never half a data set. After an
 * abort, a failure or a kill the same call goes on: with the archive, or with the rest of it if the server can send a part (GitHub's
 * server usually sends all of it again). The archive must agree with its own CRC-32 checksums, and its content with the table: 2,000
 * rows of 50 classes, each with a sound file whose header can be read.
 *
 * @param dir - The folder; absent, empty, or a whole ESC-50.
 * @returns The folder's absolute path.
 * @throws EscError CORRUPT_DATA if the archive is damaged, has another SHA-256 than `sha256`, or is no whole ESC-50 (it is
 *   removed, so that the next call fetches it again); INVALID_INPUT if the folder holds something else or a limit is
 *   exceeded; INVALID_OPTION if an option is out of range, the URL is not HTTPS (HTTP is accepted from localhost alone), or
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
  return downloadWhole(dir, options, esc50Extent)
}

/** {@link downloadEsc50} of a data set of any size, for tests. */
export async function downloadWhole(
  dir: string,
  options: DownloadEsc50Options,
  extent: Extent,
): Promise<string> {
  const { url = archiveUrl, sha256 = null, maxUnpackedBytes = 2 * 2 ** 30, onLicense, signal } = options
  // Options are checked before the download, which takes minutes.
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
  await onDisk('write', work, mkdir(work, { recursive: true }))
  const unlock = await lockFolder(work)
  try {
    // Another process may have filled the folder before this one got the lock.
    if (!(await isWhole(root, extent))) {
      const archive = join(work, 'archive.zip')
      const unpacked = join(work, 'unpacked')
      await fetchArchive(archive, options)
      await unpack(archive, unpacked, { ...options, sha256, maxUnpackedBytes }, extent)
      // Windows does not move a folder over an empty one. A folder that is not empty stays, and cannot be moved to.
      await rmdir(root).catch(() => {})
      await onDisk('write', root, rename(unpacked, root))
    }
  } catch (error) {
    await unlock()
    // It goes if nothing is in it.
    await rmdir(work).catch(() => {})
    throw error
  }
  await onDisk('remove', work, rm(work, { recursive: true, force: true }))
  return root
}

async function fetchArchive(archive: string, options: DownloadEsc50Options): Promise<void> {
  const { url = archiveUrl, maxBytes = 2 ** 30, onProgress, attempts, stallMs, fetch, signal } = options
  const usual = url === archiveUrl ? usualBytes : 0
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

type UnpackOptions = DownloadEsc50Options &
  Required<Pick<DownloadEsc50Options, 'sha256' | 'maxUnpackedBytes'>>

/** Unpacks the archive and checks all of it. What is damaged is removed. */
async function unpack(
  archive: string,
  unpacked: string,
  options: UnpackOptions,
  extent: Extent,
): Promise<void> {
  const { sha256, maxUnpackedBytes, signal, onProgress } = options
  const forget = removeAtExit(unpacked)
  try {
    if (sha256 !== null) await assertHash(archive, sha256)
    await onDisk('remove', unpacked, rm(unpacked, { recursive: true, force: true }))
    await onDisk('write', unpacked, mkdir(unpacked))
    await extractZip(archive, unpacked, { wanted, maxBytes: maxUnpackedBytes, signal, onProgress })
    await assertWhole(archive, unpacked, extent, options)
  } catch (error) {
    // If this fails, too, the first error counts. The next call empties the folder.
    await rm(unpacked, { recursive: true, force: true }).catch(() => {})
    if (isEscError(error, 'CORRUPT_DATA')) await rm(archive, { force: true })
    throw error
  } finally {
    forget()
  }
}

async function assertHash(archive: string, sha256: string): Promise<void> {
  const found = await onDisk('read', archive, hashFile(archive))
  if (found === sha256.toLowerCase()) return
  const message = `${archive} has the SHA-256 ${found}, not ${sha256}; fetch it again, or correct sha256`
  throw new EscError('CORRUPT_DATA', message, { detail: { path: archive, found } })
}

/** @throws EscError unless a finished folder could be moved to `root`. */
async function assertVacant(root: string): Promise<void> {
  const found = await lstat(root).catch(() => null)
  if (found === null) return
  // A file cannot be listed, and neither can a link that leads nowhere.
  if ((await onDisk('read', root, readdir(root))).length > 0) {
    const message = `${root} holds something else than a whole ESC-50; empty it or choose another folder`
    throw new EscError('INVALID_INPUT', message, { detail: { path: root } })
  }
  if ((await stat(dirname(root))).dev !== found.dev) {
    const rule = 'is a mount point, which nothing can be moved to; name a folder in it'
    throw new EscError('INVALID_OPTION', `dir=${root} ${rule}`)
  }
}
