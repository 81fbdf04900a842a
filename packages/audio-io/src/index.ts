export { decodeAiff } from './aiff.js'
export type { AudioInfo, DecodedAudio, DecodeLimits } from './audio.js'
export { assertChannels, toMono } from './channels.js'
export type { AudioDecoder, Codecs } from './codecs.js'
export { decodeFlac } from './flac.js'
export {
  type DecodeOptions,
  decodeAudio,
  type LoadedClip,
  type LoadOptions,
  loadAudio,
  probeAudio,
  probeSource,
  type StreamOptions,
  streamAudio,
} from './load.js'
export type { ByteSource } from './reading.js'
export { type AudioFormat, sniffFormat } from './sniff.js'
export { decodeWav, type EncodeWavOptions, encodeWav } from './wav.js'
