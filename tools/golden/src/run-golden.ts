/** Runs a folder of golden cases: results of the reference against this library's. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EscError, isEscError } from '@esc/core'
import type { GoldenInput, GoldenResult } from './convert.js'
import { goldenFunction } from './functions.js'
import type { GoldenCase, GoldenManifest } from './manifest.js'
import { type NpyArray, readNpy } from './npy.js'
import { judgeParams } from './params.js'

/** What became of a run. */
export interface GoldenReport {
  passed: number
  /** One line for each failing case: its id, and the worst value, the error, or the parameter that is not known. */
  failures: readonly string[]
  /** One line for each informative case: it never fails the run. */
  informative: readonly string[]
  /** Cases by function that this library does not offer. */
  skipped: ReadonlyMap<string, number>
}

/**
 * Runs every case of a folder that holds `manifest.json` and the files it names.
 *
 * @param dir - The folder.
 * @throws EscError IO if the manifest or a file cannot be read; CORRUPT_DATA if one is damaged.
 * @example const { failures } = await runGolden('golden')
 */
export async function runGolden(dir: string): Promise<GoldenReport> {
  const manifest = JSON.parse((await read(dir, 'manifest.json')).toString()) as GoldenManifest
  const inputs = new Map<string, GoldenInput>()
  for (const [name, { file, sr }] of Object.entries(manifest.inputs)) {
    const { shape, data } = readNpy(await read(dir, file))
    inputs.set(name, { shape, data: Float32Array.from(data), sampleRate: sr ?? 0 })
  }
  const skipped = new Map<string, number>()
  const failures: string[] = []
  const informative: string[] = []
  let passed = 0
  for (const golden of manifest.cases) {
    const expected = golden.output ? readNpy(await read(dir, golden.output)) : null
    const verdict = judge(golden, inputs.get(golden.input ?? '') ?? NO_INPUT, expected)
    if (verdict === 'skipped') skipped.set(golden.function, (skipped.get(golden.function) ?? 0) + 1)
    else if (golden.tags?.includes('informative')) informative.push(`${golden.id}: ${verdict}`)
    else if (verdict === 'passed') passed++
    else failures.push(`${golden.id}: ${verdict}`)
  }
  return { passed, failures, informative, skipped }
}

/**
 * A report as lines: failing cases, informative cases, what was skipped, and last the three counts.
 *
 * @example console.log(formatReport(await runGolden('golden')).join('\n'))
 */
export function formatReport({ passed, failures, informative, skipped }: GoldenReport): string[] {
  const counts = [...skipped].map(([name, count]) => `${name} ${count}`)
  const total = [...skipped.values()].reduce((sum, count) => sum + count, 0)
  return [
    ...failures.map((line) => `FAILED ${line}`),
    ...informative.map((line) => `informative ${line}`),
    ...(counts.length > 0 ? [`not offered, skipped: ${counts.join(', ')}`] : []),
    `${passed} passed, ${failures.length} failed, ${total} skipped`,
  ]
}

const NO_INPUT: GoldenInput = { data: new Float32Array(0), shape: [0], sampleRate: 0 }

async function read(dir: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, file))
  } catch (cause) {
    throw new EscError('IO', `golden file ${join(dir, file)} cannot be read`, { cause })
  }
}

/** 'passed', 'skipped', or what is wrong. */
function judge(golden: GoldenCase, input: GoldenInput, expected: NpyArray | null): string {
  const offered = goldenFunction(golden.function)
  if (!offered) return 'skipped'
  // Not among the errors that a case may expect: nothing is known then of what the reference refused.
  const unusable = judgeParams(golden.function, offered, input, golden.params)
  if (unusable !== undefined) return unusable
  let result: GoldenResult
  try {
    result = offered.run(input, golden.params)
  } catch (error) {
    if (golden.expect === 'error' && isEscError(error)) return 'passed'
    return `threw ${String(error)}`
  }
  if (golden.expect === 'error' || !expected) return 'gave a result where the reference refuses'
  const shape = golden.full_shape!
  if (result.shape.join() !== shape.join()) return `has shape [${result.shape}], expected [${shape}]`
  const strided = takeStrided(result, golden.stored_stride!)
  if (golden.tags?.includes('snr40')) return judgeSnr(strided, expected, golden)
  return judgeValues(strided, expected, golden) ?? judgeRange(result, golden) ?? 'passed'
}

/** `array[::s0, ::s1, …]`, flat. */
function takeStrided({ data, shape }: GoldenResult, stride: readonly number[]): number[] {
  let offsets = [0]
  let size = data.length
  shape.forEach((length, axis) => {
    size /= length
    const step = stride[axis]!
    const along = Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step * size)
    offsets = offsets.flatMap((offset) => along.map((shift) => offset + shift))
  })
  return offsets.map((offset) => data[offset]!)
}

function judgeValues(got: readonly number[], expected: NpyArray, golden: GoldenCase): string | undefined {
  const tolerance = golden.tol_abs_f32!
  let worst = 0
  let worstError = 0
  got.forEach((value, i) => {
    const error = Math.abs(value - expected.data[i]!)
    // Written so that NaN is the worst of all.
    if (!(error <= worstError)) {
      worst = i
      worstError = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
    }
  })
  if (got.length === expected.data.length && worstError <= tolerance) return undefined
  const index = indexOf(worst, expected.shape).map((i, axis) => i * golden.stored_stride![axis]!)
  return `worst at [${index}]: expected ${expected.data[worst]}, got ${got[worst]}, tolerance ${tolerance}`
}

/** The values between the stored ones must lie within the reference's range. */
function judgeRange({ data }: GoldenResult, { full_stats, tol_abs_f32 }: GoldenCase): string | undefined {
  if (!full_stats) return undefined
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < min) min = data[i]!
    if (data[i]! > max) max = data[i]!
  }
  const fits =
    Math.abs(min - full_stats.min) <= tol_abs_f32! && Math.abs(max - full_stats.max) <= tol_abs_f32!
  if (fits) return undefined
  return `ranges over [${min}, ${max}], expected [${full_stats.min}, ${full_stats.max}], tolerance ${tol_abs_f32}`
}

// Resamplers differ near the ends of a signal.
const SNR_MARGIN = 2048

function judgeSnr(got: readonly number[], expected: NpyArray, golden: GoldenCase): string {
  const step = golden.stored_stride![0]!
  const last = golden.full_shape![0]! - SNR_MARGIN
  let signal = 0
  let noise = 0
  got.forEach((value, i) => {
    if (i * step < SNR_MARGIN || i * step >= last) return
    signal += expected.data[i]! ** 2
    noise += (value - expected.data[i]!) ** 2
  })
  const snr = 10 * Math.log10(signal / noise)
  return snr >= 40 ? 'passed' : `SNR ${snr.toFixed(1)} dB, expected >= 40 dB`
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  return shape
    .reduceRight<[number[], number]>(
      ([index, rest], length) => [[rest % length, ...index], Math.floor(rest / length)],
      [[], flat],
    )
    .at(0) as number[]
}
