/** From a decoded sound to its features, and to the waveform that they are computed from. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DecodedAudio, encodeWav, toMono } from '@esc/audio-io'
import type { AudioClip, FeatureMatrix, FeatureRecipe } from '@esc/core'
import { ioError, writeAtomicallySync } from '@esc/core/node'
import { amplitudeToDb, createExtractor, createWindowExtractor, magnitude, stft } from '@esc/dsp'
import { type ClipFacts, measureClip } from '../../audit/measure.js'
import { fileStem } from './files.js'
import type { RunSetup } from './job.js'

/** What a run wants of a clip besides its features. */
export type Wanted = Pick<RunSetup, 'spectrogram' | 'facts'>

/** A decoded sound, with its codec if that is known. */
export type CodedAudio = DecodedAudio & { codec?: string | null }

/** All results of one clip's sound. */
export interface ClipParts {
  matrices: FeatureMatrix[]
  spectrogram: FeatureMatrix | null
  facts: ClipFacts | null
  /** The waveform after the recipe's preparation, if the run keeps it. */
  waveform: AudioClip | null
}

/**
 * Plans the features of a run.
 *
 * @throws EscError INVALID_OPTION if the recipe or the windows are out of range.
 */
export function createClipTask({ recipe, windows, audioDir }: RunSetup) {
  const extractor = createExtractor(windows ? { ...recipe, durationSec: null } : recipe)
  const cut = windows && createWindowExtractor(recipe, windows)
  return (id: string, audio: CodedAudio, { spectrogram, facts }: Wanted): ClipParts => {
    const { channels, sampleRate } = audio
    const clip: AudioClip = { samples: toMono(channels), sampleRate }
    const waveform = spectrogram || audioDir !== null ? extractor.prepare(clip) : null
    return {
      matrices: cut ? [...cut.extract(clip)] : [extractor.extract(clip)],
      spectrogram: spectrogram ? spectrogramOf(waveform!, recipe) : null,
      facts: facts ? measureClip(id, audio) : null,
      waveform: audioDir === null ? null : waveform,
    }
  }
}

/** The STFT of the waveform in dB; its loudest value is 0. */
function spectrogramOf({ samples }: AudioClip, { stft: options }: FeatureRecipe): FeatureMatrix {
  return amplitudeToDb(magnitude(stft(samples, options)), { ref: 'max' })
}

/**
 * Writes the waveform of a clip as a WAV file of 16 bits, if the run keeps waveforms.
 *
 * @throws EscError IO if it cannot be written.
 */
export function keepWaveform(
  { audioDir }: RunSetup,
  id: string,
  { waveform }: ClipParts,
  temporaryDir?: string,
): void {
  if (audioDir === null || !waveform) return
  try {
    mkdirSync(audioDir, { recursive: true })
  } catch (cause) {
    throw ioError('write', audioDir, cause)
  }
  writeAtomicallySync(join(audioDir, `${fileStem(id)}.wav`), encodeWav(waveform), { temporaryDir })
}
