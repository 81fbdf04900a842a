/** The entry `@esc/audio-io/node`: sound files on disk. */
export type { BoundLoadOptions as LoadOptions } from '../options.js'
export { decodeAudio, loadAudio, probeAudio, streamAudio, writeWav } from './files.js'
export type { AudioInput } from './open-file.js'
