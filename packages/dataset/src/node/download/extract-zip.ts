/** Takes chosen files out of a zip archive that is not trusted. */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { assertPositive, EscError, isEscError, type OnProgress } from '@esc/core'
import { type Entry, openPromise, type ZipFile } from 'yauzl'

/** Options of {@link extractZip}. */
export interface ExtractZipOptions {
  /** Matches the paths of the files that are taken, as they are below the archive's one top folder. */
  wanted: RegExp
  /** The most that all of them may unpack to, in bytes. */
  maxBytes: number
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}

/** A file to take. */
interface Wanted {
  entry: Entry
  /** Below the top folder, with `/`. */
  path: string
}

const MAX_ENTRIES = 100_000
/** A file is unpacked in memory: it is written only when it is whole and its checksum right. */
const MAX_FILE_BYTES = 64 * 2 ** 20
/** Sounds shrink to a half, digital silence to a thousandth; an archive that claims so much for all its files is none of sounds. */
const MAX_RATIO = 100

/**
 * Unpacks the wanted files of an archive that has one top folder, without that folder: `set-main/audio/a.wav` becomes
 * `audio/a.wav`. All entries are looked at before the first file is written.
 *
 * @param dir - A folder that is there, and empty.
 * @returns The files' paths below `dir`.
 * @throws EscError CORRUPT_DATA naming the archive, and the entry, if it is no zip archive; has names that are absolute or
 *   hold `..`, `\` or (of wanted files) anything but letters, digits, `_`, `.`, `-`; has wanted entries twice, encrypted,
 *   not regular files or one inside another; if sizes are not as they say; or a CRC-32 is wrong. INVALID_INPUT if the
 *   files unpack to more than `maxBytes` or to a hundred times the archive. IO if the disk fails. The signal's reason.
 * @see PKWARE, APPNOTE.TXT 6.3.10, .ZIP File Format Specification.
 * @example await extractZip('set.zip', 'set', { wanted: /^audio\/[^/]+\.wav$/, maxBytes: 1e9 })
 */
export async function extractZip(
  archive: string,
  dir: string,
  options: ExtractZipOptions,
): Promise<string[]> {
  assertPositive('maxBytes', options.maxBytes)
  const { size } = await reading(archive, options.signal, () => stat(archive))
  const zip = await reading(archive, options.signal, () =>
    openPromise(archive, { autoClose: false, strictFileNames: true }),
  )
  try {
    const files = await reading(archive, options.signal, () => listWanted(zip, size, options))
    await extractAll(zip, archive, dir, files, options)
    return files.map(({ path }) => path)
  } finally {
    zip.close()
  }
}

/** Reads the whole directory and checks it; the files are in the order of their places in the archive. */
async function listWanted(zip: ZipFile, archiveBytes: number, options: ExtractZipOptions): Promise<Wanted[]> {
  const { wanted, maxBytes, signal } = options
  if (zip.entryCount > MAX_ENTRIES)
    throw corrupt(`it has ${zip.entryCount} entries, more than ${MAX_ENTRIES}`)
  const files = new Map<string, Wanted>()
  let topFolder: string | undefined
  let bytes = 0
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted()
    const [, top, path] = /^([^/]+)\/(.*)$/s.exec(entry.fileName) ?? []
    topFolder ??= top
    if (path === undefined || top !== topFolder) throw corrupt(`${shown(entry)} is not in one top folder`)
    if (!wanted.test(path)) continue
    assertRegular(entry, path)
    // Some file systems take names that differ in case alone for one.
    const key = path.toLowerCase()
    if (files.has(key)) throw corrupt(`${shown(entry)} is there twice`)
    files.set(key, { entry, path })
    bytes += entry.uncompressedSize
  }
  const limit = Math.min(maxBytes, MAX_RATIO * archiveBytes)
  if (bytes > limit) {
    throw new EscError(
      'INVALID_INPUT',
      `its files claim ${bytes} bytes, which exceeds the limit of ${limit} (maxBytes=${maxBytes}, ${MAX_RATIO} × the archive)`,
      { detail: { bytes, limit } },
    )
  }
  return [...files.values()].sort(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  )
}

function assertRegular(entry: Entry, path: string): void {
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(path)) throw corrupt(`${shown(entry)} is not a safe file name`)
  // The file type of Unix's mode; 0 where the archive was made elsewhere.
  const type = (entry.externalFileAttributes >>> 16) & 0o170000
  if (type !== 0 && type !== 0o100000) throw corrupt(`${shown(entry)} is a link or a device, not a file`)
  if (!entry.canDecodeFileData()) {
    throw corrupt(`${shown(entry)} is encrypted, or packed by a method other than deflate`)
  }
  if (entry.uncompressedSize > MAX_FILE_BYTES) {
    throw corrupt(`${shown(entry)} claims ${entry.uncompressedSize} bytes, more than ${MAX_FILE_BYTES}`)
  }
}

async function extractAll(
  zip: ZipFile,
  archive: string,
  dir: string,
  files: readonly Wanted[],
  { signal, onProgress }: ExtractZipOptions,
): Promise<void> {
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
    await writing(join(dir, folder), () => mkdir(join(dir, folder), { recursive: true }))
  }
  let free = 0
  for (const [index, { entry, path }] of files.entries()) {
    signal?.throwIfAborted()
    const bytes = await reading(archive, signal, async () => {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
      // Files that share their bytes are how a small archive claims a large content.
      if (entry.relativeOffsetOfLocalHeader < free) throw corrupt(`${shown(entry)} lies inside another file`)
      free = fileDataStart + entry.compressedSize
      return unpack(await zip.openReadStreamPromise(entry), entry)
    })
    // 'wx' neither follows a link nor replaces a file.
    await writing(join(dir, path), () => writeFile(join(dir, path), bytes, { flag: 'wx' }))
    onProgress?.({ stage: 'unpack', done: index + 1, total: files.length, detail: path })
  }
}

/** All bytes of a file. That they are not more or fewer than the directory says is yauzl's check. */
async function unpack(stream: Readable, entry: Entry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.uncompressedSize)
  let filled = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  if (crc32(bytes) !== entry.crc32) throw corrupt(`the CRC-32 of ${shown(entry)} is wrong`)
  return bytes
}

/** A name of the archive, for messages: short, and without control characters. */
function shown({ fileName }: Entry): string {
  return JSON.stringify(fileName.length > 80 ? `${fileName.slice(0, 80)}…` : fileName)
}

function corrupt(reason: string): EscError {
  return new EscError('CORRUPT_DATA', reason)
}

/** Puts the archive's name before what is wrong with it. What comes from the system is the disk's fault, the rest the archive's. */
async function reading<T>(
  archive: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    signal?.throwIfAborted()
    if (isEscError(cause)) {
      throw new EscError(cause.code, `${archive}: ${cause.message}`, {
        detail: { ...cause.detail, path: archive },
        cause,
      })
    }
    if (!(cause instanceof Error)) throw cause
    if ('syscall' in cause) throw ioError(archive, cause)
    const message = `${archive} is not a sound zip archive: ${cause.message}`
    throw new EscError('CORRUPT_DATA', message, { detail: { path: archive }, cause })
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw ioError(path, cause)
  }
}

function ioError(path: string, cause: unknown): EscError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EscError('IO', `cannot read or write ${path}: ${reason}`, { detail: { path }, cause })
}
