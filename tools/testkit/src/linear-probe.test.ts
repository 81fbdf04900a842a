/** The linear probe as a model like any other, and on ESC-10, where its accuracies are those of scikit-learn. */
import { createRng, featureSet } from '@esc/core'
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { logmel64, logmel128 } from '@esc/dsp'
import { compareLogits } from '@esc/edge'
import { packModel } from '@esc/edge/node'
import { evaluateSession, linearProbe } from '@esc/model'
import { evaluate } from '@esc/model/node'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'

const folder = process.env.ESC10_DIR
/** One clip of 400. */
const clip = 1 / 400

describe.skipIf(!folder)(`ESC-10${folder ? '' : ' (skipped: ESC10_DIR is not set)'}`, () => {
  // Measured once with scikit-learn 1.2: StandardScaler and LogisticRegression(max_iter=10000, tol=1e-8) on these statistics in float64.
  test.each([
    ['logmel64', logmel64, 0.79, 0.735],
    ['logmel128', logmel128, 0.76, 0.735],
  ])(
    '%s: within one clip of scikit-learn',
    { timeout: 300_000 },
    async (_name, recipe, fromFour, fromThree) => {
      const features = await extractFeatures(await openDataset(folder!), { ...recipe, durationSec: 5 })
      const foldOf = (index: number) => features.records[index]!.fold!
      const meanAccuracy = async (isLeftOut: (fold: number, testFold: number) => boolean) => {
        let sum = 0
        for (let testFold = 1; testFold <= 5; testFold++) {
          const all = [...features.records.keys()]
          const train = all.filter((i) => foldOf(i) !== testFold && !isLeftOut(foldOf(i), testFold))
          const model = await linearProbe(null, features, { train })
          sum += (
            await evaluate(
              model,
              features,
              all.filter((i) => foldOf(i) === testFold),
            )
          ).accuracy
        }
        return sum / 5
      }
      expect(Math.abs((await meanAccuracy(() => false)) - fromFour)).toBeLessThan(1.5 * clip)
      const next = (fold: number, testFold: number) => fold === (testFold % 5) + 1
      expect(Math.abs((await meanAccuracy(next)) - fromThree)).toBeLessThan(1.5 * clip)
    },
  )
})

test('its float file gives the same logits, and its int8 file nearly always the same class', async () => {
  const rng = createRng(1)
  const [bins, frames, classes] = [12, 20, 4]
  const examples = Array.from({ length: 200 }, (_, i) => {
    const data = Float32Array.from({ length: bins * frames }, (_, k) => {
      const bin = Math.floor(k / frames)
      return -40 + 5 * Math.sin(bin * (1 + (i % classes))) + (4 + (bin % (1 + (i % classes)))) * rng.normal()
    })
    return { id: `${i}`, features: { data, bins, frames }, labelIndex: i % classes }
  })
  const set = featureSet(examples, { labels: ['a', 'b', 'c', 'd'] })
  const train = Array.from({ length: 120 }, (_, i) => i)
  const test = Array.from({ length: 80 }, (_, i) => 120 + i)
  const model = await linearProbe(null, set, { train })
  const expected = await evaluate(model, set, test)
  expect(expected.accuracy).toBeGreaterThan(0.9)
  const files = await packModel(model, { int8: { calibrateOn: set, indices: train } })
  const [float, int8] = await Promise.all(
    ['model.onnx', 'model.int8.onnx'].map(async (name) => {
      const session = await ortRuntime.createSession(files[name as 'model.onnx']!)
      const { logits } = await evaluateSession(session, set, test)
      await session.release()
      return compareLogits(expected.logits, logits, classes)
    }),
  )
  expect(float!.maxLogitError).toBeLessThan(1e-4)
  expect(int8!.agreement).toBeGreaterThan(0.95)
})
