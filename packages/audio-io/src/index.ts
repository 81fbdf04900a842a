export type { AudioInfo, DecodedAudio, DecodeLimits } from './audio.js'
export { assertChannels, toMono } from './channels.js'
export type { AudioDecoder, Codecs } from './codecs.js'
export { decodeFlac } from './flac/decode.js'
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
export { describeOtherSound } from './other-sounds.js'
export type { ByteSource } from './reading.js'
export { type AudioFormat, detectSound } from './sniff.js'
export { decodeAiff } from './wav/aiff.js'
export { decodeWav, type EncodeWavOptions, encodeWav } from './wav/wav.js'
