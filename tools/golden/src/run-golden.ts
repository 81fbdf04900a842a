/**
 * Runs a folder of golden cases: compares this library's results with those of the reference (librosa or
 * scipy).
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EscError, isEscError } from '@esc/core'
import { decodeNpy } from '@esc/dataset'
import { goldenFunction } from './functions.js'
import type { GoldenInput, GoldenResult } from './golden-function.js'
import type { GoldenCase, GoldenManifest } from './manifest.js'
import { judgeParams } from './params.js'

/** Outcome of a run. */
export interface GoldenReport {
  passed: number
  /** One line for each failing case: its id, and the worst value, the error, or the unknown parameter. */
  failures: readonly string[]
  /** One line for each informative case. Such a case never fails the run. */
  informative: readonly string[]
  /** Number of cases for each function that this library does not have. */
  skipped: ReadonlyMap<string, number>
}

/**
 * Runs every case of a folder with a `manifest.json` and the files that it names.
 *
 * @param dir - The folder.
 * @throws EscError IO if the manifest or a file cannot be read; CORRUPT_DATA or UNSUPPORTED_FORMAT if a file
 *   is damaged.
 * @example const { failures } = await runGolden('golden')
 */
export async function runGolden(dir: string): Promise<GoldenReport> {
  const manifest = JSON.parse((await read(dir, 'manifest.json')).toString()) as GoldenManifest
  const inputs = new Map<string, GoldenInput>()
  for (const [name, { file, sr }] of Object.entries(manifest.inputs)) {
    const { shape, data } = await readArray(dir, file)
    inputs.set(name, { shape, data: Float32Array.from(data), sampleRate: sr ?? 0 })
  }
  const skipped = new Map<string, number>()
  const failures: string[] = []
  const informative: string[] = []
  let passed = 0
  for (const golden of manifest.cases) {
    const expected = golden.output ? await readArray(dir, golden.output) : null
    const verdict = judge(golden, inputs.get(golden.input ?? '') ?? noInput, expected)
    if (verdict === 'skipped') skipped.set(golden.function, (skipped.get(golden.function) ?? 0) + 1)
    else if (golden.tags?.includes('informative')) informative.push(`${golden.id}: ${verdict}`)
    else if (verdict === 'passed') passed++
    else failures.push(`${golden.id}: ${verdict}`)
  }
  return { passed, failures, informative, skipped }
}

/**
 * Formats a report as lines: failing cases, informative cases, skipped functions, and last the three counts.
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

const noInput: GoldenInput = { data: new Float32Array(0), shape: [0], sampleRate: 0 }

async function read(dir: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, file))
  } catch (cause) {
    throw new EscError('IO', `golden file ${join(dir, file)} cannot be read`, { cause })
  }
}

/** An array of a golden set, as numbers. */
interface StoredArray {
  data: Float64Array
  shape: readonly number[]
}

async function readArray(dir: string, file: string): Promise<StoredArray> {
  const { data, shape } = decodeNpy(await read(dir, file))
  return { data: Float64Array.from<number | bigint>(data, Number), shape }
}

/** Returns 'passed', 'skipped', or what is wrong. */
function judge(golden: GoldenCase, input: GoldenInput, expected: StoredArray | null): string {
  const offered = goldenFunction(golden.function)
  if (!offered) return 'skipped'
  // Checked first: a case that expects an error must not pass only because a parameter is unknown here.
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

/** Returns `array[::s0, ::s1, …]`, flat. */
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

function judgeValues(got: readonly number[], expected: StoredArray, golden: GoldenCase): string | undefined {
  const tolerance = golden.tol_abs_f32!
  let worst = 0
  let worstError = 0
  got.forEach((value, i) => {
    const error = Math.abs(value - expected.data[i]!)
    // Written so that NaN counts as the worst error.
    if (!(error <= worstError)) {
      worst = i
      worstError = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
    }
  })
  if (got.length === expected.data.length && worstError <= tolerance) return undefined
  const index = indexOf(worst, expected.shape).map((i, axis) => i * golden.stored_stride![axis]!)
  return `worst at [${index}]: expected ${expected.data[worst]}, got ${got[worst]}, tolerance ${tolerance}`
}

/** Checks that also the values between the stored ones lie in the reference's range. */
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

// Samples left out at both ends of a signal. Resamplers differ there.
const snrMargin = 2048

function judgeSnr(got: readonly number[], expected: StoredArray, golden: GoldenCase): string {
  const step = golden.stored_stride![0]!
  const last = golden.full_shape![0]! - snrMargin
  let signal = 0
  let noise = 0
  got.forEach((value, i) => {
    if (i * step < snrMargin || i * step >= last) return
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
