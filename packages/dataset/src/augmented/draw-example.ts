/** Makes a training example anew: from a clip or from features, with its augmentations and its partner in a mix. */
import {
  type AudioClip,
  assertClip,
  assertFloat32,
  assertMatrix,
  type DrawContext,
  type DrawnFeatures,
  EscError,
  type FeatureMatrix,
  type FeatureSet,
  isEscError,
  type Rng,
} from '@esc/core'
import { type Extractor, type LabeledClip, type LabeledFeatures, type Mix, oneHot } from '@esc/dsp'
import { atSpeed, type ClipMemory } from './clip-memory.js'
import { needsSounds, type ResolvedAugmentation } from './options.js'
import { drawPartner } from './partner.js'

/** Where examples of sounds come from. */
export interface Sounds {
  memory: ClipMemory
  /** Carries out the recipe on a clip of any length. */
  whole: Extractor
  /** Samples of one example; `null` if clips have their own lengths. */
  length: number | null
  /** Columns of one example's features. */
  frames: number
}

/**
 * Returns a function that makes one example.
 *
 * An example goes through these steps: waveform, mel power, features. At each step its augmentation comes first, and then the mix, if it
 * works on this step. The partner goes through the same steps up to there.
 *
 * @param base - The set of the examples as they are.
 * @param sounds - `null` for a set without sounds.
 */
export function createDraw(
  base: FeatureSet,
  augmentation: ResolvedAugmentation,
  sounds: Sounds | null,
): (index: number, context: DrawContext) => Promise<DrawnFeatures> {
  const { mix, timeScales } = augmentation
  const needsWaveform = augmentation.waveform !== null || mix?.on === 'waveform'
  const isMade = needsSounds(augmentation)

  /** @param context - `null` for a partner, which is not mixed itself. */
  async function waveform(index: number, rng: Rng, context: DrawContext | null): Promise<LabeledClip> {
    const { memory, length } = sounds!
    const recorded = await memory.waveform(base.records[index]!.clipId)
    const changed = apply('waveform', index, recorded, rng)
    const clip = fitted(atSpeed(changed, drawScale(rng)), length, rng.fork('piece'))
    const own = { clip, label: await labelOf(index) }
    return mixed('waveform', index, own, rng, context, waveform)
  }

  async function power(index: number, rng: Rng, context: DrawContext | null): Promise<LabeledFeatures> {
    const { memory, whole, frames } = sounds!
    let made: LabeledFeatures
    if (needsWaveform) {
      const { clip, label } = await waveform(index, rng, context)
      made = { features: cut(whole.melPower(whole.prepare(clip)), frames, 0), label }
    } else {
      const all = await memory.power(base.records[index]!.clipId, drawScale(rng))
      const start = Math.floor(rng.fork('piece').uniform() * Math.max(1, all.frames - frames + 1))
      made = { features: cut(all, frames, start), label: await labelOf(index) }
    }
    const own = { features: apply('power', index, made.features, rng), label: made.label }
    return mixed('power', index, own, rng, context, power)
  }

  async function features(index: number, rng: Rng, context: DrawContext | null): Promise<LabeledFeatures> {
    let made: LabeledFeatures
    if (isMade) {
      const { features, label } = await power(index, rng, context)
      made = { features: sounds!.whole.fromMelPower(features), label }
    } else {
      made = { features: (await base.get(index)).features, label: await labelOf(index) }
    }
    const own = { features: apply('features', index, made.features, rng), label: made.label }
    return mixed('features', index, own, rng, context, features)
  }

  async function labelOf(index: number): Promise<Float32Array> {
    // Only a set without sounds has targets of its own.
    const { target } = sounds ? {} : await base.get(index)
    return target ?? oneHot(base.records[index]!.labelIndex, base.labels.length)
  }

  function drawScale(rng: Rng): number {
    return timeScales === null ? 1 : timeScales[rng.fork('scale').integer(timeScales.length)]!
  }

  /** Runs an augmentation of the caller, and checks what it returns. */
  function apply<T extends AudioClip | FeatureMatrix>(
    name: 'waveform' | 'power' | 'features',
    index: number,
    input: T,
    rng: Rng,
  ): T {
    const augment = augmentation[name] as ((input: T, rng: Rng) => T) | null
    if (augment === null) return input
    return checked(`${name} augmentation`, index, augment(input, rng.fork(name)), input)
  }

  async function mixed<T extends LabeledClip | LabeledFeatures>(
    on: Mix['on'],
    index: number,
    own: T,
    rng: Rng,
    context: DrawContext | null,
    make: (index: number, rng: Rng, context: null) => Promise<T>,
  ): Promise<T> {
    if (mix?.on !== on || context === null) return own
    const partner = drawPartner(base, index, context, mix.betweenClasses === true, rng.fork('partner'))
    const other = await make(partner, rng.fork('other'), null)
    const run = mix as unknown as (a: T, b: T, rng: Rng, weights?: ArrayLike<number>) => T
    const made = run(own, other, rng.fork('mix'), on === 'power' ? sounds!.whole.loudnessWeights : undefined)
    if (made === own) return made
    const input = 'clip' in own ? own.clip : own.features
    checked(
      'mix',
      index,
      (made as Partial<LabeledClip & LabeledFeatures> | undefined)?.['clip' in own ? 'clip' : 'features'],
      input,
    )
    assertMixedLabel(made, own, index)
    return made
  }

  function assertMixedLabel(made: LabeledClip | LabeledFeatures, own: typeof made, index: number): void {
    assertFloat32(`the label that mix made of '${base.records[index]!.id}'`, made.label)
    if (made.label.length === own.label.length) return
    throw refused('mix', index, `made a label of ${made.label.length} classes, not ${own.label.length}`)
  }

  /** Checks a clip or a matrix that a caller's function returned. A clip may have another length. */
  function checked<T extends AudioClip | FeatureMatrix>(
    maker: string,
    index: number,
    made: unknown,
    input: T,
  ): T {
    if (made === input) return input
    if (made instanceof Promise) {
      made.catch(() => {})
      throw refused(maker, index, 'returned a promise; it must return its result itself')
    }
    try {
      if ('samples' in input) assertClip('its result', made)
      else assertMatrix('its result', made)
    } catch (cause) {
      if (!isEscError(cause)) throw cause
      throw refused(
        maker,
        index,
        `made no ${'samples' in input ? 'clip' : 'matrix'}: ${cause.message}`,
        cause,
      )
    }
    const fits =
      'samples' in input
        ? (made as AudioClip).sampleRate === input.sampleRate
        : (made as FeatureMatrix).bins === input.bins && (made as FeatureMatrix).frames === input.frames
    if (fits) return made as T
    const shapeOf = (value: AudioClip | FeatureMatrix) =>
      'samples' in value ? `a clip of ${value.sampleRate} Hz` : `a matrix of ${value.bins} × ${value.frames}`
    throw refused(maker, index, `returned ${shapeOf(made as T)} for ${shapeOf(input)}; it must keep that`)
  }

  function refused(maker: string, index: number, what: string, cause?: unknown): EscError {
    const { id } = base.records[index]!
    return new EscError('INVALID_INPUT', `the ${maker} of example '${id}' ${what}`, { detail: { id }, cause })
  }

  return async (index, context) => {
    const { features: made, label } = await features(index, context.rng, context)
    return { features: made, target: label }
  }
}

/** Cuts a piece out of a clip at a random place, or adds silence behind it. `null` keeps its length. */
function fitted(clip: AudioClip, length: number | null, rng: Rng): AudioClip {
  const { samples, sampleRate } = clip
  if (length === null || samples.length === length) return clip
  const start = Math.floor(rng.uniform() * Math.max(1, samples.length - length + 1))
  const out = new Float32Array(length)
  out.set(samples.subarray(start, start + length))
  return { samples: out, sampleRate }
}

/** Takes `frames` columns from `start` on; columns behind the end are silence, which has a power of 0. */
function cut({ data, bins, frames: all }: FeatureMatrix, frames: number, start: number): FeatureMatrix {
  if (all === frames) return { data, bins, frames }
  const out = new Float32Array(bins * frames)
  for (let bin = 0; bin < bins; bin++) {
    const from = bin * all + start
    out.set(data.subarray(from, bin * all + Math.min(all, start + frames)), bin * frames)
  }
  return { data: out, bins, frames }
}
