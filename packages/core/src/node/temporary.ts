/** Names, makes and removes temporary files and folders. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { assertText } from '../check/options.js'
import { ioError } from './io-error.js'
import { isRunning, processStart } from './process-start.js'

/**
 * `.esc-<machine>-<process>-<start of the process>-<random>.tmp`. From the name a program can find out whether its owner
 * still runs.
 */
const pattern = /^\.esc-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{12}\.tmp$/

/**
 * A day. Whether a process on another machine runs is not known, but a running process changes its files more often than
 * this.
 */
const staleMs = 24 * 3600 * 1000

/**
 * Whether a file or folder has the name of a temporary one of this library. A program that lists a folder of data should skip
 * these: a running process is writing them, or a process that was killed has left them.
 *
 * @param name - The name without its folder.
 * @example const files = (await readdir(dir)).filter((name) => !isTemporaryName(name))
 */
export function isTemporaryName(name: string): boolean {
  return pattern.test(name)
}

/**
 * Returns an unused path for a temporary file or folder. Its name is short, also if the final name is long, and hidden.
 *
 * @param dir - The folder. It must be on the same disk as the final file, because a file cannot be renamed to another disk.
 * @example const path = temporaryPath('models'); const forget = removeAtExit(path)
 */
export function temporaryPath(dir: string): string {
  const { pid } = process
  return join(dir, `.esc-${machine()}-${pid}-${processStart(pid)}-${randomBytes(6).toString('hex')}.tmp`)
}

/** A hash of the machine and the container: process numbers are unique only within them. */
function machine(): string {
  let container = ''
  try {
    container = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Only Linux has this file.
  }
  return createHash('sha256').update(`${hostname()} ${container}`).digest('hex').slice(0, 8)
}

/**
 * Removes temporary files and folders of processes that no longer run, such as processes that were killed. It keeps those of
 * running processes, and for a day those of other machines. It reports no error if one cannot be removed.
 *
 * @param dir - The folder. It need not exist. Its sub-folders are not searched.
 * @example await removeStaleTemporaries('runs/dogs')
 */
export async function removeStaleTemporaries(dir: string): Promise<void> {
  assertText('dir', dir)
  const names = await readdir(dir).catch((): string[] => [])
  for (const name of names) {
    const path = join(dir, name)
    if (await isStale(path, name)) await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

async function isStale(path: string, name: string): Promise<boolean> {
  const [, where, pidText, start] = pattern.exec(name) ?? []
  if (where === undefined) return false
  if (where !== machine()) {
    const found = await stat(path).catch(() => null)
    return found !== null && Date.now() - found.mtimeMs > staleMs
  }
  const pid = Number(pidText)
  return !isRunning(pid) || processStart(pid) !== Number(start)
}

/** A folder for unfinished files. */
export interface TemporaryFolder {
  path: string
  /**
   * Removes the folder with its content, and the parent folders that were made for it, if they are empty. A second call does
   * nothing.
   */
  remove(): void
}

/**
 * Makes a folder for unfinished files. If the process exits before `remove` is called, the exit removes the folder. Before that it
 * removes what killed processes left in `dir`.
 *
 * @param dir - The parent folder. It is made if it does not exist.
 * @throws EscError IO naming `dir` if it cannot be written to.
 * @example
 * const folder = await createTemporaryFolder('features')
 * try { await writeFile(join(folder.path, 'part1.json'), text) } finally { folder.remove() }
 */
export async function createTemporaryFolder(dir: string): Promise<TemporaryFolder> {
  await removeStaleTemporaries(dir)
  const path = temporaryPath(resolve(dir))
  try {
    // Synchronous calls: the process cannot exit after the folder is made and before it is in the list.
    const firstMade = mkdirSync(path, { recursive: true })!
    const forget = removeAtExit(path, firstMade)
    return {
      path,
      remove() {
        forget()
        removeNow(path, firstMade)
      },
    }
  } catch (cause) {
    throw ioError('write', dir, cause)
  }
}

/** Paths to remove, each with the outermost folder that was made for it. */
type Removals = Map<string, string>

interface ExitListener {
  (): void
  escTemporaries: Removals
}

/**
 * Removes a file, or a folder with its content, if the process exits before the returned function is called. An exit is a call of
 * `process.exit()`, or an error that nothing catches. A signal without a handler ends the process without this.
 *
 * All paths share one listener, because Node warns of a leak if there are more than ten. The listener holds the list of paths. A
 * second copy of this module finds the listener, and so the list, among the listeners of the process.
 *
 * @param path - An absolute path. It need not exist yet.
 * @param firstMade - The outermost folder that was made for `path`. It and the folders between are removed, too, if they are empty.
 *   @defaultValue `path`: no other folder is removed
 * @returns A function that takes the path off the list.
 * @example const forget = removeAtExit(path)
 */
export function removeAtExit(path: string, firstMade: string = path): () => void {
  const isOurs = (other: object): other is ExitListener => 'escTemporaries' in other
  const listener = process.listeners('exit').find(isOurs) ?? createExitListener()
  const { escTemporaries } = listener
  if (escTemporaries.size === 0) process.on('exit', listener)
  escTemporaries.set(path, firstMade)
  return () => {
    if (escTemporaries.delete(path) && escTemporaries.size === 0) process.off('exit', listener)
  }
}

function createExitListener(): ExitListener {
  const escTemporaries: Removals = new Map()
  const removeAll = () => {
    for (const [path, firstMade] of escTemporaries) removeNow(path, firstMade)
  }
  return Object.assign(removeAll, { escTemporaries })
}

function removeNow(path: string, firstMade: string): void {
  // Threads may still write into the folder. Under its new name they do not find it.
  const doomed = temporaryPath(dirname(path))
  try {
    renameSync(path, doomed)
    rmSync(doomed, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  } catch {
    // It does not exist, or it stays until the next run removes it.
  }
  try {
    // Removes a folder only if it is empty: another program may have put files into it.
    for (let made = dirname(path); made.length >= firstMade.length; made = dirname(made)) rmdirSync(made)
  } catch {}
}
