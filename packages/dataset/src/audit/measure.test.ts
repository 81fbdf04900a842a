import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measureClip } from './measure.js'

function sine(length: number, amplitude: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 10 + 0.1))
}

function noise(length: number, seed: number): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => rng.uniform() - 0.5)
}

describe('measureClip', () => {
  test('measures level, padding and silence of a tone', () => {
    const samples = new Float32Array(1000)
    samples.set(sine(500, 0.5), 100)
    const facts = measureClip('tone', { channels: [samples], sampleRate: 1000 })
    expect(facts).toMatchObject({
      id: 'tone',
      durationSec: 1,
      sampleRate: 1000,
      channels: 1,
      clippedShare: 0,
    })
    expect(facts.peak).toBeGreaterThan(0.47)
    expect(facts.insideSilenceSec).toBe(0)
    // Half the clip holds a sine of power 0.5² / 2.
    expect(facts.rmsDb).toBeCloseTo(10 * Math.log10(0.5 * 0.125), 5)
    expect(facts.leadingSilenceSec).toBeCloseTo(0.1, 9)
    expect(facts.trailingSilenceSec).toBeCloseTo(0.4, 9)
    expect(facts.digitalSilenceShare).toBeCloseTo(0.5, 9)
    expect(facts.dcOffset).toBeCloseTo(0, 6)
    expect(facts.hash).toMatch(/^[0-9a-f]{16}$/)
  })

  test('takes noise 60 dB below the peak for silence, and 50 dB for sound', () => {
    const padded = (gain: number) => Float32Array.from([...sine(500, 1), ...sine(500, gain)])
    expect(
      measureClip('codec', { channels: [padded(0.0005)], sampleRate: 1000 }).trailingSilenceSec,
    ).toBeCloseTo(0.5, 2)
    expect(
      measureClip('room', { channels: [padded(0.00316)], sampleRate: 1000 }).trailingSilenceSec,
    ).toBeLessThan(0.01)
  })

  test('adds up the gaps between sounds that last 0.1 s, in all channels at once', () => {
    const sounds = (...starts: number[]) => {
      const samples = new Float32Array(1000)
      for (const start of starts) samples.set(sine(100, 0.5), start)
      return samples
    }
    // Gaps of 200, 50 and 250 ms, and 50 ms at both ends.
    const left = sounds(50, 350, 500, 850)
    expect(measureClip('gaps', { channels: [left], sampleRate: 1000 }).insideSilenceSec).toBeCloseTo(0.45, 2)
    expect(
      measureClip('gaps', { channels: [left, sounds(150)], sampleRate: 1000 }).insideSilenceSec,
    ).toBeCloseTo(0.35, 2)
    expect(measureClip('one', { channels: [sounds(300)], sampleRate: 1000 }).insideSilenceSec).toBe(0)
  })

  test('measures the spectrum of the mono mix', () => {
    const [left, right] = [noise(22050, 1), noise(22050, 2)]
    const facts = measureClip('stereo', { channels: [left, right], sampleRate: 22050 })
    expect(facts.bandwidthHz).toBe(11025)
    expect(facts.fingerprint).toHaveLength(30)
    const mono = measureClip('mono', {
      channels: [left.map((value, i) => (value + right[i]!) / 2)],
      sampleRate: 22050,
    })
    expect(mono.fingerprint).toEqual(facts.fingerprint)
  })

  test('counts flat tops as clipping, and single peaks not', () => {
    const samples = Float32Array.of(0, 1, 1, 1, 1, 0, -1, -1, -1, 0, 1, 1, 0, 1, -1, 1, -1, 0, 0, 0)
    expect(measureClip('clipped', { channels: [samples], sampleRate: 20 }).clippedShare).toBeCloseTo(
      7 / 20,
      9,
    )
  })

  test('reports a silent clip as silent from both ends, with finite numbers', () => {
    expect(measureClip('silent', { channels: [new Float32Array(100)], sampleRate: 100 })).toMatchObject({
      peak: 0,
      rmsDb: -200,
      leadingSilenceSec: 1,
      trailingSilenceSec: 1,
      digitalSilenceShare: 1,
      dcOffset: 0,
    })
  })

  test('hears the mono mix: its peak, its edges; the worst offset of the channels', () => {
    const left = Float32Array.of(0, 0, 0.5, 0)
    const right = Float32Array.of(0, -0.25, -0.25, -1)
    const facts = measureClip('stereo', { channels: [left, right], sampleRate: 4 })
    expect(facts).toMatchObject({ channels: 2, peak: 0.5, leadingSilenceSec: 0.25, trailingSilenceSec: 0 })
    expect(facts.dcOffset).toBeCloseTo(-0.375, 9)
    expect(facts.rmsDb).toBeCloseTo(10 * Math.log10((0.125 ** 2 + 0.125 ** 2 + 0.5 ** 2) / 4), 6)
    const channelsDb = 10 * Math.log10(1.375 / 8)
    expect(facts.mixLossDb).toBeCloseTo(channelsDb - facts.rmsDb, 6)
    const opposite = measureClip('opposite', { channels: [left, left.map((value) => -value)], sampleRate: 4 })
    expect(opposite).toMatchObject({ peak: 0, rmsDb: -200, leadingSilenceSec: 1, trailingSilenceSec: 1 })
    expect(opposite.mixLossDb).toBeGreaterThan(100)
  })

  test('hashes equal samples alike, wherever they lie in memory', () => {
    const clip = noise(1000, 1)
    const shifted = new Float32Array(1003)
    shifted.set(clip, 3)
    expect(measureClip('view', { channels: [shifted.subarray(3)], sampleRate: 100 }).hash).toBe(
      measureClip('own', { channels: [clip], sampleRate: 100 }).hash,
    )
  })

  test('hashes samples that differ in any way apart', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(199), fc.nat(199), fc.nat(31), (seed, i, j, bit) => {
        fc.pre(i !== j)
        const clip = noise(200, seed)
        const flipped = clip.slice()
        const words = new Uint32Array(flipped.buffer)
        // Kept below the exponent's top bit, so that no sample turns into NaN; two flips, since one is easy.
        words[i]! ^= 1 << (bit === 30 ? 0 : bit)
        words[j]! ^= 1 << (bit === 30 ? 0 : bit)
        const swapped = clip.slice()
        swapped[i] = clip[j]!
        swapped[j] = clip[i]!
        const inverted = clip.map((value) => -value)
        const hashes = [clip, flipped, swapped, inverted, clip.subarray(1)].map(
          (samples) => measureClip('x', { channels: [samples], sampleRate: 8000 }).hash,
        )
        hashes.push(
          measureClip('x', { channels: [clip], sampleRate: 16000 }).hash,
          measureClip('x', { channels: [clip, clip], sampleRate: 8000 }).hash,
        )
        // Each half by itself, or 64 bits are 32.
        expect(new Set(hashes.map((hash) => hash.slice(0, 8))).size).toBe(hashes.length)
        expect(new Set(hashes.map((hash) => hash.slice(8))).size).toBe(hashes.length)
      }),
      { numRuns: 200 },
    )
  })

  test('refuses what it cannot measure', () => {
    const clip = sine(10, 1)
    expect(() => measureClip('x', { channels: [], sampleRate: 100 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => measureClip('x', { channels: [new Float32Array(0)], sampleRate: 100 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => measureClip('x', { channels: [clip, sine(9, 1)], sampleRate: 100 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => measureClip('x', { channels: [Float32Array.of(0, Number.NaN)], sampleRate: 100 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() =>
      measureClip('x', { channels: [Float32Array.of(Number.NEGATIVE_INFINITY)], sampleRate: 100 }),
    ).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => measureClip('x', { channels: [clip], sampleRate: 0 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})
