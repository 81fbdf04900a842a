/** Temporary files and folders: their names, and who removes them. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { assertText } from '../check/options.js'
import { ioError } from './io-error.js'
import { isRunning, processStart } from './process-start.js'

/** `.esc-<machine>-<process>-<its start>-<random>.tmp`: whoever finds it can ask whether its owner is still at work. */
const pattern = /^\.esc-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{12}\.tmp$/

/** A day. The owner of a temporary file on another machine cannot be asked; it writes more often than that. */
const staleMs = 24 * 3600 * 1000

/**
 * Whether a file or folder has the name of a temporary one of this library: what a run that was killed leaves, or one that is
 * at work writes. Whoever lists a folder of data passes over these.
 *
 * @param name - Without its folder.
 * @example const files = (await readdir(dir)).filter((name) => !isTemporaryName(name))
 */
export function isTemporaryName(name: string): boolean {
  return pattern.test(name)
}

/**
 * A free name for a temporary file or folder. It is short, whatever it will be renamed to, and hidden.
 *
 * @param dir - Where it is to lie: on the disk of what it will be renamed to.
 * @example const path = temporaryPath('models'); const forget = removeAtExit(path)
 */
export function temporaryPath(dir: string): string {
  const { pid } = process
  return join(dir, `.esc-${machine()}-${pid}-${processStart(pid)}-${randomBytes(6).toString('hex')}.tmp`)
}

/** Numbers of processes hold for one machine, and in it for one container. */
function machine(): string {
  let container = ''
  try {
    container = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Linux alone has them.
  }
  return createHash('sha256').update(`${hostname()} ${container}`).digest('hex').slice(0, 8)
}

/**
 * Removes the temporary files and folders in a folder whose owners are gone: processes that were killed. It leaves alone those
 * of processes that run, and for a day those of other machines. What cannot be removed stays.
 *
 * @param dir - It need not exist. Folders in it are not looked into.
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

/** A folder for files that are not finished. */
export interface TemporaryFolder {
  path: string
  /** Removes it with all in it, and the folders that were made for it and are empty. Calling it again is harmless. */
  remove(): void
}

/**
 * Makes a folder for files that are not finished. If the process exits before `remove` is called, it is removed then. What
 * killed processes left beside it goes first.
 *
 * @param dir - The folder it is to lie in; it is made if it is not there.
 * @throws EscError IO naming `dir` if it cannot be written to.
 * @example
 * const folder = await createTemporaryFolder('features')
 * try { await work(folder.path) } finally { folder.remove() }
 */
export async function createTemporaryFolder(dir: string): Promise<TemporaryFolder> {
  await removeStaleTemporaries(dir)
  const path = temporaryPath(resolve(dir))
  try {
    // At once, so that no exit can come between the making and the list.
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

/** What is to be removed, and the first of the folders that were made for it. */
type Removals = Map<string, string>

interface ExitListener {
  (): void
  escTemporaries: Removals
}

/**
 * Removes a file, or a folder with all in it, if the process exits before the returned function is called: after
 * `process.exit()`, or an error that nobody catches. A signal that nobody handles ends a process without this.
 *
 * One listener serves all paths: from eleven on Node would warn of a leak. As the event is the process's and not this module's,
 * the listener itself holds the list, and is looked up where it is registered.
 *
 * @param path - Absolute. It need not exist yet.
 * @param firstMade - The outermost folder that was made for it: it goes too, with those between, if they are empty.
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
  // Threads may still be writing into a folder. Under its new name they do not find it.
  const doomed = temporaryPath(dirname(path))
  try {
    renameSync(path, doomed)
    rmSync(doomed, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  } catch {
    // It is not there, or it stays until the next run removes it.
  }
  try {
    // Somebody may have put files of his own into the folders that were made for it.
    for (let made = dirname(path); made.length >= firstMade.length; made = dirname(made)) rmdirSync(made)
  } catch {}
}
