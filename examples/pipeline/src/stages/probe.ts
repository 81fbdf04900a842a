/** The bar to beat: a linear probe on the same features and the same split. */
import { type Evaluation, linearProbe } from '@esc/model'
import { evaluate } from '@esc/model/node'
import { percent, type RunContext } from './context.js'
import type { RunData } from './data.js'
import { weightsOf } from './train.js'

/** Fits the probe on the training clips, and evaluates it on the test clips. It runs before training, which takes longer. */
export async function evaluateProbe(
  { options, console, signal }: RunContext,
  { features, parts }: RunData,
): Promise<Evaluation> {
  const { evaluation } = await console.stage('linear probe', async () => {
    const model = await linearProbe(null, features, parts, {
      classWeights: options.classWeights ? weightsOf(features, parts.train) : null,
      signal,
    })
    const evaluation = await evaluate(model, features, parts.test, { signal })
    return { evaluation, summary: `test accuracy ${percent(evaluation.accuracy)}` }
  })
  return evaluation
}
