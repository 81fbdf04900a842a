/** The entry `@esc/audio-io/browser`: sound files in a page, and the microphone. */
export type { BoundLoadOptions as LoadOptions } from '../options.js'
export { type AudioInput, decodeAudio, loadAudio, probeAudio, streamAudio } from './files.js'
export { type MicrophoneOptions, microphone } from './microphone.js'
