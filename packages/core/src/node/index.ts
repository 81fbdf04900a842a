export { ioError } from './io-error.js'
export { lockFolder } from './lock-folder.js'
export { isRunning, removeLeftovers, writeAtomically } from './write-atomically.js'
