/** The linear probe on real recordings: scikit-learn's accuracies on the five folds of ESC-10. */
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { logmel64, logmel128 } from '@esc/dsp'
import { linearProbe } from '@esc/model'
import { evaluate } from '@esc/model/node'
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
