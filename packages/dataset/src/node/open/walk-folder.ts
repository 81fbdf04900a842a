/** Lists every file in a data set's folder with its kind. It leaves no file out. */
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeOtherSound, detectSound } from '@esc/audio-io'
import { EscError } from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { ioError, isTemporaryName, reasonOf } from '@esc/core/node'
import { readIndex } from '../store/files.js'
import { isSystemFolder, kindOfName } from './file-kind.js'
import { isInside } from './open-files.js'

/**
 * The kind of a file:
 * - `sound`: its name or its first bytes say that it can be decoded;
 * - `other sound`: a sound or a video of a format that cannot be decoded;
 * - `no sound`: its name says so, or a system or these libraries made it;
 * - `unknown`: neither its name nor its first bytes say what it is;
 * - `hidden`: its name, or that of a folder it lies in, begins with a dot;
 * - `odd`: it cannot be read as a file; `why` gives the reason.
 */
export type FileKind = 'sound' | 'other sound' | 'no sound' | 'unknown' | 'hidden' | 'odd'

/** A file in a data set's folder, or below. */
export interface WalkedFile {
  /** With `/`, relative to the data set's folder. Bytes that are not UTF-8 are written as `\xE9`. */
  path: string
  kind: FileKind
  /** The trouble with it, as the end of a sentence; `null` if there is none. */
  why: string | null
  /** Whether the name, or that of a folder it lies in, is not UTF-8, so that no program here can name it. */
  hasOddName: boolean
}

/** All files of a folder, by path, and its folders. */
export interface WalkedFolder {
  files: WalkedFile[]
  /** Paths of folders that are listed: no system's, none of these libraries' results, no hidden ones. */
  folders: string[]
  /** Paths of folders that these libraries wrote: models, results, features. */
  outputs: string[]
}

/** No sound lies deeper in a data set, and a loop of mounts would have no end. */
const maxDepth = 64
/** A list of so many files takes a gigabyte of memory. */
const maxFiles = 5e6
const headBytes = 65536

/** A file or folder before it is read. */
interface Place {
  /** The path in bytes: if it is not UTF-8, there is no other form of it. */
  bytes: Buffer
  path: string
  depth: number
  hasOddName: boolean
  isHidden: boolean
  /** Whether a system or version control made it, or a folder around it. Real sounds in it are named all the same. */
  isSystem: boolean
  /** Whether these libraries made it, so that nothing in it is data. */
  isNoData: boolean
}

/**
 * Lists a folder with all below it. A link is followed only if it leads to a file in the folder.
 *
 * @param root - A real path.
 * @returns The files in the order of their paths' characters.
 * @throws EscError IO if the folder cannot be listed, is deeper than 64 folders, or has more than 5 million files.
 * @example const { files } = await walkFolder(await openRoot('birds', 'expected a folder'))
 */
export async function walkFolder(root: string): Promise<WalkedFolder> {
  const found: WalkedFolder = { files: [], folders: [], outputs: [] }
  const start: Place = {
    ...{ bytes: Buffer.from(root), path: '', depth: 0 },
    ...{ hasOddName: false, isHidden: false, isSystem: false, isNoData: false },
  }
  const places = [start]
  for (let place = places.pop(); place; place = places.pop()) {
    if (place.depth > maxDepth)
      throw ioError('open', join(root, place.path), `it lies ${maxDepth} folders deep or more`)
    places.push(...(await listPlace(root, place, found)))
    if (found.files.length > maxFiles) {
      throw ioError(
        'open',
        root,
        `it has more than ${maxFiles} files; open the folder of the data set itself`,
      )
    }
  }
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  found.folders.sort()
  return found
}

/** Adds a folder's files to `found`. @returns The folders in it. */
async function listPlace(root: string, place: Place, found: WalkedFolder): Promise<Place[]> {
  const inner: Place[] = []
  const entries = await readdir(place.bytes, { withFileTypes: true, encoding: 'buffer' }).catch((cause) => {
    if (place.depth === 0) throw ioError('open', root, cause)
    if (!place.isNoData && !place.isSystem)
      found.files.push({
        ...{ path: place.path, kind: 'odd', hasOddName: place.hasOddName },
        why: `cannot be listed: ${reasonOf(cause)}`,
      })
    return []
  })
  const names = entries.map(({ name }) => name.toString('latin1'))
  const output = await outputOf(place.bytes, names)
  if (output !== null) found.outputs.push(place.path)
  if (place.depth > 0 && !place.isNoData && !place.isSystem && !place.isHidden) found.folders.push(place.path)
  for (const entry of entries) {
    const { name, isUtf8 } = textOf(entry.name)
    const here: Place = {
      bytes: Buffer.concat([place.bytes, Buffer.from('/'), entry.name]),
      path: place.path === '' ? name : `${place.path}/${name}`,
      depth: place.depth + 1,
      hasOddName: place.hasOddName || !isUtf8,
      isHidden: place.isHidden || name.startsWith('.'),
      isSystem: place.isSystem || (entry.isDirectory() && isSystemFolder(name)),
      // Only the folder of waveforms is skipped: a run's results can lie in somebody's own folder of sounds.
      isNoData: place.isNoData || isTemporaryName(name) || (output === 'run' && name === processedFolder),
    }
    if (entry.isDirectory()) inner.push(here)
    else found.files.push(await describeFile(root, here, name, entry))
  }
  return inner
}

async function describeFile(
  root: string,
  { bytes, path, hasOddName, isHidden, isSystem, isNoData }: Place,
  name: string,
  entry: { isFile(): boolean; isSymbolicLink(): boolean },
): Promise<WalkedFile> {
  const as = (kind: FileKind, why: string | null = null): WalkedFile => ({ path, kind, why, hasOddName })
  const byName = kindOfName(name)
  if (isNoData || byName === 'no sound') return as('no sound')
  if (isSystem) return as(byName === 'sound' ? 'hidden' : 'no sound')
  if (isHidden) return as('hidden')
  const trouble = entry.isFile() ? null : await troubleOf(root, bytes, entry.isSymbolicLink())
  if (trouble !== null) return as('odd', trouble)
  if (byName === 'sound') return as('sound')
  const head = await readHead(bytes).catch((cause) => `cannot be read: ${reasonOf(cause)}`)
  if (typeof head === 'string') return as(byName === 'unknown' ? 'odd' : byName, head)
  const what = describeOtherSound(head)
  if (byName === 'other sound') return as('other sound', what)
  if (detectSound(head) !== null) return as('sound')
  return what === null ? as('unknown') : as('other sound', what)
}

/** The reason why an entry that is no plain file cannot be read as one; `null` if it can. */
async function troubleOf(root: string, bytes: Buffer, isLink: boolean): Promise<string | null> {
  if (!isLink) return 'is no file, but a pipe, a socket or a device'
  const target = await realpath(bytes).catch(() => null)
  if (target === null) return 'is a link to nothing'
  if (!isInside(root, target)) return `is a link to ${target}, which is not in ${root}; open the real folder`
  const facts = await stat(bytes).catch(() => null)
  if (facts?.isDirectory()) return 'is a link to a folder; use the folder itself'
  return facts?.isFile() ? null : 'is a link to something that is no file'
}

async function readHead(bytes: Buffer): Promise<Uint8Array> {
  const file = await open(bytes)
  try {
    const head = new Uint8Array(headBytes)
    const { bytesRead } = await file.read(head, 0, headBytes, 0)
    return head.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** A name as text. Each byte that is not UTF-8 is written as `\xE9`, so that a person can find the file. */
function textOf(name: Buffer): { name: string; isUtf8: boolean } {
  try {
    return { name: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name), isUtf8: true }
  } catch {
    const hex = (char: string) => `\\x${char.charCodeAt(0).toString(16).toUpperCase()}`
    return { name: name.toString('latin1').replaceAll(/[\x80-\xff]/g, hex), isUtf8: false }
  }
}

/** The folder for waveforms among a run's results. */
const processedFolder = 'processed'

/** Whether these libraries wrote the folder, and what it is: the results of a run (or a model alone), or a feature store. */
async function outputOf(bytes: Buffer, names: readonly string[]): Promise<'run' | 'store' | null> {
  const dir = bytes.toString()
  if (names.includes('metrics.json') && names.includes('report.html')) return 'run'
  if (names.includes('model.json') && (await isModelFolder(dir))) return 'run'
  return names.includes('index.json') && (await isFeatureStore(dir)) ? 'store' : null
}

async function isModelFolder(dir: string): Promise<boolean> {
  try {
    parseManifest(JSON.parse(await readFile(join(dir, 'model.json'), 'utf8')))
    return true
  } catch {
    return false
  }
}

async function isFeatureStore(dir: string): Promise<boolean> {
  return readIndex(dir).then(
    (index) => index !== null,
    (error) => {
      if (error instanceof EscError) return false
      throw error
    },
  )
}
