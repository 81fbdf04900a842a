/** The second part of a run: training with early stopping. */
import type { EpochRecord, FeatureSet, TrainedModel } from '@esc/core'
import { classWeights } from '@esc/dataset'
import { augmentedSet } from '@esc/dataset/node'
import type { TrainEvent } from '@esc/model'
import { checkpointFile, fit } from '@esc/model/node'
import { augmentations } from '../augmentation.js'
import { networks } from '../networks.js'
import { percent, plural, type RunContext } from './context.js'
import type { RunData } from './data.js'

/** A trained model, and how long each epoch of this run took. */
export interface TrainedNetwork {
  model: TrainedModel
  epochMs: number[]
}

/** Trains on the training clips; the validation clips decide when to stop. */
export async function trainNetwork(context: RunContext, data: RunData): Promise<TrainedNetwork> {
  const { options, console, signal } = context
  const { model: name, epochs, seed, learningRate, batchSize, patience, weightDecay, checkpoint } = options
  const { features, parts } = data
  const epochMs: number[] = []
  const { model } = await console.stage('train', async () => {
    const trained = await fit(networks[name].network, await trainingSet(context, data), parts, {
      ...{ epochs, seed, learningRate, batchSize, signal },
      earlyStopping: patience === null ? null : { patience },
      optimizer: weightDecay === null ? {} : { weightDecay },
      loss: options.classWeights ? { classWeights: weightsOf(features, parts.train) } : {},
      checkpoint: checkpoint === null ? undefined : checkpointFile(checkpoint),
      onEvent(event) {
        if (event.type === 'epoch') epochMs.push(event.trainMs)
        showProgress(event, context)
      },
    })
    const { validationAccuracy } = bestEpochOf(trained)
    const stop = trained.stoppedEarly ? ', stopped early' : ''
    const epoch = `best epoch ${trained.bestEpoch} of ${trained.history.length}${stop}`
    return { model: trained, summary: `${epoch}; validation accuracy ${percent(validationAccuracy!)}` }
  })
  return { model, epochMs }
}

/** The features, or with `--augment` a set that makes them anew in each epoch. */
async function trainingSet(
  { options: { augment, tolerant }, signal }: RunContext,
  { sounds, features, recipe }: RunData,
): Promise<FeatureSet> {
  if (augment === null) return features
  return augmentedSet(sounds, recipe, { ...augmentations[augment](recipe), base: features, tolerant, signal })
}

/** The record of the epoch whose weights were kept. */
export function bestEpochOf({ history, bestEpoch }: TrainedModel): EpochRecord {
  return history[bestEpoch - 1]!
}

/** The weight of each class in the loss, for `--class-weights`. */
export function weightsOf(features: RunData['features'], train: Int32Array): number[] {
  const weights = classWeights(features, { indices: train })
  return features.labels.map((_, label) => weights.get(label)!)
}

function showProgress(event: TrainEvent, { options, console }: RunContext): void {
  if (event.type === 'warning') {
    console.line(`  warning: ${event.message}`)
    return
  }
  if (event.type === 'resumed') {
    const { history, epochs } = event
    console.line(
      `  ${history.length} of ${plural(epochs, 'epoch')} ${history.length === 1 ? 'was' : 'were'} finished earlier, and come from ${options.checkpoint}`,
    )
    return
  }
  if (event.type === 'step') {
    const { epoch, step, steps, loss } = event
    const [done, total] = [(epoch - 1) * steps + step, options.epochs * steps]
    console.progress({ stage: 'train', done, total, detail: `epoch ${epoch}, loss ${loss.toFixed(3)}` })
    return
  }
  const { epoch, epochs, trainLoss, trainAccuracy, validationLoss, validationAccuracy, trainMs, best } = event
  const train = `train loss ${trainLoss.toFixed(3)}, accuracy ${percent(trainAccuracy)}`
  const validation = `validation loss ${validationLoss!.toFixed(3)}, accuracy ${percent(validationAccuracy!)}`
  const seconds = `${(trainMs / 1000).toFixed(1)} s`
  console.line(
    `  epoch ${String(epoch).padStart(2)}/${epochs}  ${train}; ${validation}; ${seconds}${best ? '  *' : ''}`,
  )
}
