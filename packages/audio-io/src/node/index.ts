export {
  type AudioInput,
  decodeAudio,
  type LoadOptions,
  loadAudio,
  probeAudio,
  streamAudio,
  writeWav,
} from './files.js'
