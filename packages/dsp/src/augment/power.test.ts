import { createRng, type FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { melSpectrogram } from '../mel/mel.js'
import { createExtractor } from '../recipe/extractor.js'
import { logmel64 } from '../recipe/presets.js'
import { noise, sine } from '../test-support/signals.js'
import { betweenClassMix, oneHot } from './mix.js'
import { frameShift, powerGain } from './power.js'
import { gain } from './waveform.js'

const clip = { samples: noise(11025, 1), sampleRate: 22050 }
const power = melSpectrogram(clip, { nMels: 40 })
const ramp: FeatureMatrix = { data: Float32Array.from({ length: 12 }, (_, i) => i + 1), bins: 2, frames: 6 }

test('powerGain does to power what gain does to the clip', () => {
  for (let seed = 0; seed < 5; seed++) {
    const louder = melSpectrogram(gain()(clip, createRng(seed)), { nMels: 40 })
    const { data } = powerGain()(power, createRng(seed))
    for (const [i, value] of louder.data.entries()) expect(Math.abs(data[i]! / value - 1)).toBeLessThan(1e-5)
  }
})

test('frameShift moves all bins by the same number of frames', () => {
  const shifts = new Set<number>()
  for (let seed = 0; seed < 60; seed++) {
    const { data } = frameShift()(ramp, createRng(seed))
    const at = data.indexOf(1)
    shifts.add(at)
    for (let frame = 0; frame < 6; frame++) {
      expect(data[(frame + at) % 6]).toBe(frame + 1)
      expect(data[6 + ((frame + at) % 6)]).toBe(frame + 7)
    }
  }
  // Up to half of the frames, in both directions.
  expect(shifts.size).toBe(6)
})

test('with a number, it stands where frames have moved away', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const { data } = frameShift({ maxFraction: 0.4, fill: -1 })(ramp, createRng(seed))
    seen.add(data.subarray(0, 6).join(' '))
  }
  expect([...seen].sort()).toEqual([
    '-1 -1 1 2 3 4',
    '-1 1 2 3 4 5',
    '1 2 3 4 5 6',
    '2 3 4 5 6 -1',
    '3 4 5 6 -1 -1',
  ])
})

test('a shift by the whole matrix leaves the fill alone, or the matrix itself', () => {
  const all = (fill: 'rollover' | number) =>
    Array.from({ length: 400 }, (_, seed) =>
      frameShift({ maxFraction: 1, fill })(ramp, createRng(seed)).data.join(),
    )
  expect(all(0)).toContain(new Float32Array(12).join())
  for (const text of new Set(all('rollover'))) {
    expect(
      text
        .split(',')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([...ramp.data])
  }
})

test('between-class mixing of power is that of waveforms', () => {
  // Two tones far apart hardly share a bin, so the powers of the mixture are those of its parts.
  const tones = [500, 4000].map((hz, label) => ({
    clip: { samples: sine(hz, 22050, 22050), sampleRate: 22050 },
    label: oneHot(label, 2),
  })) as [never, never]
  const powerOf = ({ clip: tone, label }: { clip: typeof clip; label: Float32Array }) => ({
    features: extractor.melPower(tone),
    label,
  })
  const [a, b] = tones
  const extractor = createExtractor({ ...logmel64, durationSec: 1 })
  for (let seed = 1; seed < 8; seed++) {
    const mixed = betweenClassMix({ on: 'power' })(
      powerOf(a),
      powerOf(b),
      createRng(seed),
      extractor.loudnessWeights,
    )
    const share = mixed.label[0]!
    const [first, second] = [5, 4000].map((_, i) => {
      const own = powerOf([a, b][i]!).features.data
      const at = own.indexOf(own.reduce((most, value) => Math.max(most, value)))
      return mixed.features.data[at]! / own[at]!
    }) as [number, number]
    expect(first + second).toBeCloseTo(1, 3)
    const p = Math.sqrt(first) / (Math.sqrt(first) + Math.sqrt(second))
    // The paper's p of equal levels is the share. The A-weighting is 4.2 dB more at 4 kHz than at 500 Hz.
    const g = 10 ** (-4.2 / 20)
    expect(Math.abs(p - share / (share + (1 - share) * g))).toBeLessThan(0.03)
  }
})

test('options and matrices out of range are refused', () => {
  for (const make of [
    () => powerGain({ minDb: 3, maxDb: 1 }),
    () => powerGain({ maxDb: Number.NaN }),
    () => frameShift({ maxFraction: 1.1 }),
    () => frameShift({ fill: Number.NaN }),
    () => frameShift({ fill: 'mean' as never }),
    () => frameShift({ p: 2 }),
  ]) {
    expect(make).toThrow(throwsCode('INVALID_OPTION'))
  }
  const broken = { ...ramp, data: ramp.data.with(3, Number.NaN) }
  for (const augment of [powerGain(), frameShift()]) {
    expect(() => augment(broken, createRng(1))).toThrow(throwsCode('INVALID_INPUT', /NaN/))
    expect(() => augment({ ...ramp, data: new Float32Array(0) }, createRng(1))).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  }
})
