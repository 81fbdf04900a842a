/** Takes chosen files out of a zip archive that is not trusted. */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { assertPositive, EscError, isEscError, type OnProgress } from '@esc/core'
import { ioError, onDisk } from '@esc/core/node'
import { type Entry, openPromise, type ZipFile } from 'yauzl'

/** Options of {@link extractZip}. */
export interface ExtractZipOptions {
  /** Matches the paths of the wanted files, without the archive's one top folder. */
  wanted: RegExp
  /** The most bytes that all of them may unpack to. */
  maxBytes: number
  /** Aborts the work. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Gets each file that was unpacked. @defaultValue none */
  onProgress?: OnProgress | undefined
}

/** A file that is wanted. */
interface Wanted {
  entry: Entry
  /** Its path below the top folder, with `/`. */
  path: string
}

const mostEntries = 100_000
/** A file is unpacked in memory, and written when it is whole and its checksum is right. */
const mostFileBytes = 64 * 2 ** 20
/** Sounds shrink to a half, digital silence to a thousandth. An archive of sounds does not shrink more than this as a whole. */
const mostRatio = 100

/**
 * Unpacks the wanted files of an archive that has one top folder, without that folder: `set-main/audio/a.wav` becomes
 * `audio/a.wav`. All entries are checked before the first file is written.
 *
 * @param dir - A folder that is there, and empty.
 * @returns The files' paths below `dir`.
 * @throws EscError CORRUPT_DATA naming the archive, and the entry, if it is no zip archive; has names that are absolute or
 *   hold `..`, `\` or (of wanted files) anything but letters, digits, `_`, `.`, `-`; has wanted entries twice, encrypted,
 *   not regular files or one inside another; if a file has another size than its entry claims; or a CRC-32 is wrong.
 *   INVALID_INPUT if the files unpack to more than `maxBytes` or to a hundred times the archive. IO if the disk fails. The
 *   signal's reason.
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

/** Reads and checks the archive's whole directory. The files are in the order of their places in the archive. */
async function listWanted(zip: ZipFile, archiveBytes: number, options: ExtractZipOptions): Promise<Wanted[]> {
  const { wanted, maxBytes, signal } = options
  if (zip.entryCount > mostEntries)
    throw corrupt(`it has ${zip.entryCount} entries, more than ${mostEntries}`)
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
    // On some file systems, names that differ only in case are one file.
    const key = path.toLowerCase()
    if (files.has(key)) throw corrupt(`${shown(entry)} is there twice`)
    files.set(key, { entry, path })
    bytes += entry.uncompressedSize
  }
  const limit = Math.min(maxBytes, mostRatio * archiveBytes)
  if (bytes > limit) {
    throw new EscError(
      'INVALID_INPUT',
      `its files claim ${bytes} bytes, which exceeds the limit of ${limit} (maxBytes=${maxBytes}, ${mostRatio} × the archive)`,
      { detail: { bytes, limit } },
    )
  }
  return [...files.values()].sort(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  )
}

function assertRegular(entry: Entry, path: string): void {
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(path)) throw corrupt(`${shown(entry)} is not a safe file name`)
  // The file type in a Unix mode; 0 if the archive was made on another system.
  const type = (entry.externalFileAttributes >>> 16) & 0o170000
  if (type !== 0 && type !== 0o100000) throw corrupt(`${shown(entry)} is a link or a device, not a file`)
  if (!entry.canDecodeFileData()) {
    throw corrupt(`${shown(entry)} is encrypted, or packed by a method other than deflate`)
  }
  if (entry.uncompressedSize > mostFileBytes) {
    throw corrupt(`${shown(entry)} claims ${entry.uncompressedSize} bytes, more than ${mostFileBytes}`)
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
    await onDisk('write', join(dir, folder), mkdir(join(dir, folder), { recursive: true }))
  }
  let free = 0
  for (const [index, { entry, path }] of files.entries()) {
    signal?.throwIfAborted()
    const bytes = await reading(archive, signal, async () => {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
      // Entries that share bytes let a small archive unpack to a large content.
      if (entry.relativeOffsetOfLocalHeader < free) throw corrupt(`${shown(entry)} lies inside another file`)
      free = fileDataStart + entry.compressedSize
      return unpack(await zip.openReadStreamPromise(entry), entry)
    })
    // 'wx' neither follows a link nor replaces a file.
    await onDisk('write', join(dir, path), writeFile(join(dir, path), bytes, { flag: 'wx' }))
    onProgress?.({ stage: 'unpack', done: index + 1, total: files.length, detail: path })
  }
}

/** All bytes of a file. yauzl checks that there are as many as the directory says. */
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

/** A name in the archive, for messages: short, and without control characters. */
function shown({ fileName }: Entry): string {
  return JSON.stringify(fileName.length > 80 ? `${fileName.slice(0, 80)}…` : fileName)
}

function corrupt(reason: string): EscError {
  return new EscError('CORRUPT_DATA', reason)
}

/** Puts the archive's name before an error. Errors of the system are the disk's fault, all others the archive's. */
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
    if ('syscall' in cause) throw ioError('read', archive, cause)
    const message = `${archive} is not a sound zip archive: ${cause.message}`
    throw new EscError('CORRUPT_DATA', message, { detail: { path: archive }, cause })
  }
}
