export {
  type AudioInput,
  decodeAudio,
  type LoadOptions,
  loadAudio,
  probeAudio,
  streamAudio,
} from './files.js'
export { type MicrophoneOptions, microphone } from './microphone.js'
