/** tfjs with a backend, and the network `separable` in its layers. */

import type { NetworkInput } from '@esc/model'
import type * as tfjs from '@tensorflow/tfjs'

type Tfjs = typeof tfjs
type Step = (value: tfjs.SymbolicTensor) => tfjs.SymbolicTensor

/** Loads tfjs with a backend, and silences it: it prints a greeting on the console. */
export async function startTfjs(backend: 'cpu' | 'wasm'): Promise<Tfjs> {
  console.warn = () => {}
  const tf = await import('@tensorflow/tfjs')
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend '${backend}'`)
  return tf
}

/** The network `separable` of `networks.ts`. `toLayersModel` cannot convert it, because it has branches. */
export function tfjsSeparable(tf: Tfjs, { bins, frames, classes }: NetworkInput): tfjs.LayersModel {
  const { layers } = tf
  const chain = (steps: readonly (tfjs.layers.Layer | Step)[]) => (input: tfjs.SymbolicTensor) =>
    steps.reduce<tfjs.SymbolicTensor>(
      (value, step) =>
        typeof step === 'function' ? step(value) : (step.apply(value) as tfjs.SymbolicTensor),
      input,
    )
  const uniform = (minval: number, maxval: number) =>
    tf.initializers.randomUniform({ minval, maxval, seed: 1 })
  const activated = (conv: tfjs.layers.Layer) => {
    const [around0, around1] = [uniform(-0.5, 0.5), uniform(0.5, 1.5)]
    const norm = layers.batchNormalization({
      gammaInitializer: around1,
      betaInitializer: around0,
      movingMeanInitializer: around0,
      movingVarianceInitializer: around1,
    })
    return chain([conv, norm, layers.reLU()])
  }
  const block = (filters: number) =>
    chain([
      activated(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' })),
      activated(layers.conv2d({ filters, kernelSize: 1 })),
    ])
  const residual = (filters: number) => {
    const inner = block(filters)
    return (x: tfjs.SymbolicTensor) => layers.add().apply([x, inner(x)]) as tfjs.SymbolicTensor
  }
  const pool = (rows: number, columns: number) => layers.maxPooling2d({ poolSize: [rows, columns] })
  const input = tf.input({ shape: [bins, frames, 1] })
  const network = chain([
    ...[activated(layers.conv2d({ filters: 24, kernelSize: 3, strides: 2, padding: 'same' }))],
    ...[block(48), residual(48), pool(2, 2)],
    ...[block(96), residual(96), pool(2, 2)],
    ...[block(160), residual(160), pool(2, 1)],
    ...[block(192), layers.globalAveragePooling2d({}), layers.dense({ units: classes })],
  ])
  return tf.model({ inputs: input, outputs: network(input) })
}
