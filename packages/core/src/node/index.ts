/** The entry `@esc/core/node`: whole files, temporary files, locks, file hashes, worker threads. */
export { hashFile } from './hash-file.js'
export { ioError, onDisk, reasonOf } from './io-error.js'
export { lockFolder } from './lock-folder.js'
export { isRunning } from './process-start.js'
export {
  createTemporaryFolder,
  isTemporaryName,
  removeAtExit,
  removeStaleTemporaries,
  type TemporaryFolder,
  temporaryPath,
} from './temporary.js'
export { type WorkerProgram, workerError, workerProgram } from './worker.js'
export {
  type WriteAtomicallyOptions,
  type WriteSyncOptions,
  writeAtomically,
  writeAtomicallySync,
  writeFilesAtomically,
} from './write-atomically.js'
