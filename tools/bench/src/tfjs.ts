/** tfjs with a backend. */

import type * as tfjs from '@tensorflow/tfjs'

type Tfjs = typeof tfjs

/** Loads tfjs with a backend, and silences it: it prints a greeting on the console. */
export async function startTfjs(backend: 'cpu' | 'wasm'): Promise<Tfjs> {
  console.warn = () => {}
  const tf = await import('@tensorflow/tfjs')
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend '${backend}'`)
  return tf
}
