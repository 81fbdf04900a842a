/** The bar to beat: a linear probe on the same features and the same split. */
import { linearProbe } from '@esc/model'
import { evaluate } from '@esc/model/node'
import { percent, type RunContext } from './context.js'
import type { RunData } from './data.js'
import { weightsOf } from './train.js'

/** Test figures of the probe. */
export interface ProbeFigures {
  accuracy: number
  macroF1: number
}

/** Fits the probe on the training clips, and evaluates it on the test clips. It runs before training, which takes longer. */
export async function evaluateProbe(
  { options, console, signal }: RunContext,
  { features, parts }: RunData,
): Promise<ProbeFigures> {
  const { figures } = await console.stage('linear probe', async () => {
    const model = await linearProbe(null, features, parts, {
      classWeights: options.classWeights ? weightsOf(features, parts.train) : null,
      signal,
    })
    const { accuracy, macro } = await evaluate(model, features, parts.test, { signal })
    return { figures: { accuracy, macroF1: macro.f1 }, summary: `test accuracy ${percent(accuracy)}` }
  })
  return figures
}
