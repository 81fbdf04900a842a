/**
 * Damaged models: each is read, checked, printed and quantised, or refused with an EscError.
 *
 * `npm test` tries a few hundred, and 5,000 if `VERIFY_LONG` is 1.
 */
import { createRng, EscError, isEscError, type NetworkGraph } from '@esc/core'
import { quantizeStatic, type Range } from '@esc/edge'
import { buildTrainingModel, dataInputs, floatData, type OnnxModel, readModel, writeModel } from '@esc/onnx'
import { checkModel, inferTypes, printGraph } from '@esc/onnx/inspect'
import { describe, expect, test } from 'vitest'
import { plain, variants, x } from '../../../packages/edge/src/fixtures/foreign-models.js'
import { logits, maxError, quantized } from '../../../packages/edge/src/fixtures/run-models.js'
import { model as tiny } from '../../../packages/edge/src/fixtures/tiny-model.js'
import { mutatedBytes, mutatedModel } from '../../../packages/onnx/fixtures/mutants.js'

const mutants = process.env.VERIFY_LONG === '1' ? 5000 : 400

/** A range for any value. */
class AnyRange extends Map<string, Range> {
  override get(): Range {
    return { min: -1, max: 2 }
  }
}

const seeds: Readonly<Record<string, OnnxModel>> = {
  plain,
  'weights as inputs': variants['IR version 3']!,
  'Constant nodes': variants['Constant nodes']!,
  quantised: quantizeStatic(plain, new AnyRange()),
  'training step': buildTrainingModel(tiny.graph as NetworkGraph),
}
const models = Object.values(seeds)
const files = models.map(writeModel)

/** Uses a model in every way, and counts what works and what is refused. */
function useAll(model: OnnxModel, counts: Map<string, number>): void {
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const attempt = <T>(name: string, run: () => T): T | null => {
    try {
      const result = run()
      count(`${name}: works`)
      return result
    } catch (error) {
      if (!isEscError(error)) throw error
      count(`${name}: ${error.code}`)
      return null
    }
  }
  attempt('printGraph', () => printGraph(model))
  attempt('checkModel', () => checkModel(model))
  attempt('inferTypes', () => inferTypes(model))
  attempt('dataInputs', () => dataInputs(model))
  attempt('writeModel', () => writeModel(model))
  const int8 = attempt('quantizeStatic', () => quantizeStatic(model, new AnyRange()))
  // The result is a model that can be read again.
  if (int8) expect(readModel(writeModel(int8)).graph.nodes).toEqual(int8.graph.nodes)
}

/** Bytes in use. They grow if a reader trusts a wrong size in a damaged file. */
function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function fuzz(mutate: (index: number, counts: Map<string, number>) => void): Map<string, number> {
  const counts = new Map<string, number>()
  const before = heldBytes()
  let peak = before
  for (let i = 0; i < mutants; i++) {
    try {
      mutate(i, counts)
    } catch (error) {
      if (isEscError(error)) counts.set(error.code, (counts.get(error.code) ?? 0) + 1)
      else throw new EscError('INVALID_STATE', `mutant ${i}: ${error}`, { cause: error })
    }
    peak = Math.max(peak, heldBytes())
  }
  expect(peak - before).toBeLessThan(2 ** 29)
  return counts
}

// Thousands of mutants may take longer than a test usually does.
describe(`${mutants} mutants`, { timeout: 900_000 }, () => {
  test('of files', () => {
    const rng = createRng(77)
    const counts = fuzz((i, found) => {
      const donor = files[rng.integer(files.length)]!
      useAll(readModel(mutatedBytes(files[i % files.length]!, donor, rng)), found)
    })
    expect(counts.get('CORRUPT_DATA')).toBeGreaterThan(mutants / 10)
    expect(counts.get('quantizeStatic: works')).toBeGreaterThan(mutants / 20)
  })

  test('of models', () => {
    const rng = createRng(78)
    const counts = fuzz((i, found) => useAll(mutatedModel(models[i % models.length]!, rng), found))
    expect(counts.get('checkModel: CORRUPT_DATA')).toBeGreaterThan(mutants / 10)
    expect(counts.get('quantizeStatic: works')).toBeGreaterThan(mutants / 50)
  })

  test('that still run: the 8-bit model runs, too, and is close', async () => {
    const rng = createRng(79)
    const runnable = [plain, ...Object.values(variants)]
    const bytes = runnable.map(writeModel)
    const outcomes = new Map<string, number>()
    for (let i = 0; i < mutants; i++) {
      const at = rng.integer(bytes.length)
      const outcome = await comparedWithFloat(
        mutatedBytes(bytes[at]!, bytes[rng.integer(bytes.length)]!, rng),
      )
      expect(['refused', 'float fails', 'close'], `mutant ${i}: ${outcome}`).toContain(outcome)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    expect(outcomes.get('close')).toBeGreaterThan(mutants / 20)
  })
})

/** Reads, calibrates, quantises and runs a file, and compares the result with that of the file itself. */
async function comparedWithFloat(bytes: Uint8Array): Promise<string> {
  const orRefusal = (error: unknown): null => {
    if (isEscError(error)) return null
    throw error
  }
  const model = await Promise.resolve(bytes).then(readModel).catch(orRefusal)
  if (!model) return 'refused'
  const feeds = Object.fromEntries(dataInputs(model).map(({ name }) => [name, x]))
  const float = await logits(model, feeds).catch(orRefusal)
  if (!float) return 'float fails'
  const int8 = await quantized(model, [feeds]).catch(orRefusal)
  if (!int8) return 'refused'
  const found = await logits(int8, feeds)
  const far = Object.entries(float).find(([name, { type, data }]) => {
    if (type !== 'float32') return false
    const peak = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
    return !(maxError(data, floatData(found, name)) / peak < 0.05)
  })
  return far ? `output '${far[0]}' is far` : 'close'
}
