/**
 * A program that trains the `separable` network on real clips: `augmented-process.js KIND`, where KIND is `plain` for finished features,
 * `power` for augmentation of mel power (speeds, gain, shift, masks, between-class mixing), or `stretch` for a stretch of each waveform.
 * It prints `ready`. Then it answers each line on standard input by the milliseconds of the next epoch.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { trainValTest } from '@esc/dataset'
import { augmentedSet, extractFeatures, openDataset } from '@esc/dataset/node'
import {
  betweenClassMix,
  compose,
  frameShift,
  logmel64,
  powerGain,
  specAugment,
  timeStretchBy,
} from '@esc/dsp'
import { train } from '@esc/model/node'
import { networks } from './networks.js'

const recipe = { ...logmel64, durationSec: 5 }
/** One folder for all of them, so that the sounds are read once. */
const dir = join(tmpdir(), 'esc-bench-augmented')

async function openSet(kind: string) {
  const opened = await openDataset(process.env.ESC10_DIR!, { subset: 'esc10' })
  const base = await extractFeatures(opened, recipe, { dir })
  if (kind === 'plain') return base
  const features = specAugment({ maxBins: 8, maxFrames: 20 })
  if (kind === 'stretch') return augmentedSet(opened, recipe, { base, waveform: timeStretchBy(), features })
  return augmentedSet(opened, recipe, {
    base,
    features,
    timeScales: [-3, -2, -1, 0, 1, 2, 3].map((step) => 1.25 ** (step / 3)),
    power: compose([powerGain({ minDb: -6, maxDb: 6 }), frameShift({ fill: 0 })]),
    mix: betweenClassMix({ on: 'power' }),
  })
}

async function main(): Promise<void> {
  if (!process.env.ESC10_DIR) throw new Error('ESC10_DIR is not set')
  const set = await openSet(process.argv[2]!)
  const { train: learnt } = trainValTest(set, { testFold: 1 })
  const run = train(networks.separable, set, { train: learnt }, { epochs: 1e6, seed: 1 })
  const events = run[Symbol.asyncIterator]()
  console.log('ready')
  for await (const _line of createInterface({ input: process.stdin })) {
    for (;;) {
      const { value: event, done } = await events.next()
      if (done) throw new Error('training has ended')
      if (event.type !== 'epoch') continue
      console.log(event.trainMs)
      break
    }
  }
  await events.return?.()
}

main().catch((error) => {
  console.log(`cannot: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`)
  process.exitCode = 1
})
