export { nodeCodecs } from './codecs.js'
export { type AudioSource, decodeAudio, loadAudio, writeWav } from './files.js'
