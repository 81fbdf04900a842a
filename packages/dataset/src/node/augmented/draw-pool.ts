/** Threads that make training examples. */
import type {
  ClipWindows,
  DrawContext,
  DrawnFeatures,
  FeatureRecipe,
  FeatureRecord,
  FeatureSet,
  RngState,
} from '@esc/core'
import { workerError, workerProgram } from '@esc/core/node'
import type { AugmentSpec } from '@esc/dsp'
import { Piscina } from 'piscina'
import { type AugmentedSetOptions, needsSounds, type ResolvedAugmentation } from '../../augmented/options.js'

/** What a thread needs: plain data. */
export interface DrawSetup {
  labels: readonly string[]
  records: readonly FeatureRecord[]
  paths: ReadonlyMap<string, string>
  recipe: FeatureRecipe
  frames: number
  specs: Readonly<Record<'waveform' | 'power' | 'features' | 'mix', AugmentSpec | null>>
  windows: ClipWindows | null
  options: Pick<AugmentedSetOptions, 'timeScales' | 'clips' | 'memoryMiB'>
  tolerant: boolean
}

/** One example to make. */
export interface DrawTask {
  index: number
  epoch: number
  rng: RngState
  train: Int32Array | undefined
}

/** Everything that {@link createDrawPool} needs. */
export interface DrawPoolOptions {
  base: FeatureSet
  recipe: FeatureRecipe
  options: AugmentedSetOptions
  augmentation: ResolvedAugmentation
  frames: number
  pathOf: ReadonlyMap<string, string>
  tolerant: boolean
  workers: number
}

/**
 * Starts threads that make examples. They do not keep the program alive.
 *
 * @returns A function that makes an example in one of them; `null` if there is nothing to make from sounds, or if an augmentation is
 *   a function of the caller, which no other thread has.
 */
export function createDrawPool({
  base,
  recipe,
  options,
  augmentation,
  frames,
  pathOf,
  tolerant,
  workers,
}: DrawPoolOptions): ((index: number, context: DrawContext) => Promise<DrawnFeatures>) | null {
  const { waveform, power, features, mix, timeScales } = augmentation
  const functions = { waveform, power, features, mix }
  // Only examples that are made from sounds take long. Without them, threads would not pay.
  if (!needsSounds(augmentation)) return null
  if (Object.values(functions).some((augment) => augment !== null && augment.spec === undefined)) return null
  const specs = Object.fromEntries(
    Object.entries(functions).map(([name, augment]) => [name, augment?.spec ?? null]),
  ) as DrawSetup['specs']
  const { clips, memoryMiB = 1024 } = options
  const setup: DrawSetup = {
    labels: base.labels,
    records: base.records,
    paths: pathOf,
    recipe,
    frames,
    specs,
    windows: base.windows ?? null,
    options: { timeScales, clips, memoryMiB: memoryMiB / workers },
    tolerant,
  }
  let threads: ReturnType<typeof open> | null = null
  return (index, { epoch, rng, train }) => {
    threads ??= open(setup, workers)
    return threads({ index, epoch, rng: rng.state(), train })
  }
}

function open(setup: DrawSetup, workers: number): (task: DrawTask) => Promise<DrawnFeatures> {
  const { url, execArgv } = workerProgram(import.meta.url, './draw-worker')
  const pool = new Piscina<DrawTask, DrawnFeatures>({
    filename: url.href,
    execArgv,
    workerData: setup,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  let fault: Error | null = null
  // A thread that ends before it gets work reports this. The pool would start threads that end in the same way again and again.
  pool.on('error', (error: Error) => {
    fault ??= error
    void pool.destroy()
  })
  return (task) =>
    pool.run(task).catch((error: NodeJS.ErrnoException) => {
      const isThreads = fault !== null || error.code?.endsWith('MODULE_NOT_FOUND')
      throw isThreads ? workerError('a worker thread of augmentedSet', fault ?? error) : error
    })
}
