/** WAV files in memory: probes and decodes them. */
import type { AudioInfo, DecodedAudio, DecodeLimits } from '../audio.js'
import { readBytes } from '../reading.js'
import { decodePcmFile, pcmInfo } from './pcm-file.js'
import { readWav } from './riff.js'

/**
 * Decodes a WAV file (RIFF, RIFX, RF64 or BW64): PCM of up to 32 bits, float of 32 or 64, A-law, µ-law, IMA and
 * Microsoft ADPCM, plain or WAVE_FORMAT_EXTENSIBLE.
 *
 * A PCM sample of `n` bits is divided by `2 ** (n - 1)`, as in libsndfile (librosa) and ffmpeg.
 *
 * @param bytes - The whole file.
 * @returns One array per channel.
 * @throws EscError CORRUPT_DATA if the file is cut short, contradicts itself, or holds NaN or infinite samples.
 * @throws EscError UNSUPPORTED_FORMAT if it is no WAV file, or uses another encoding.
 * @throws EscError INVALID_INPUT, INVALID_OPTION if the limits do not fit the file.
 * @see libsndfile 1.2 `pcm.c`, ffmpeg 5.1 `libswresample/audioconvert.c` and `libavcodec/adpcm.c`.
 * @example const { channels, sampleRate } = decodeWav(bytes)
 */
export function decodeWav(bytes: Uint8Array, limits: DecodeLimits = {}): DecodedAudio {
  return decodePcmFile('decodeWav', bytes, readWav, limits)
}

/**
 * What a WAV file's header says about its sound; no sample is decoded.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeWav}; samples are not checked.
 * @example probeWav(bytes).durationSec
 */
export function probeWav(bytes: Uint8Array): AudioInfo {
  return pcmInfo(readBytes(bytes, readWav(bytes.length)))
}
