/** Classification bound to onnxruntime-node, from a run's folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertOneOf, EscError, type ModelManifest } from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { ortRuntime } from '@esc/onnx/node'
import { type Classifier, createClassifier } from '../classifier.js'

/**
 * Opens the model of a folder that has a `model.json` and the `.onnx` files it names.
 *
 * @param precision - `int8` (default where the manifest has one) or `float`.
 * @throws EscError IO naming a file that cannot be read, INVALID_INPUT if `model.json` is not a manifest,
 *   INVALID_OPTION if `precision` is neither, INCOMPATIBLE_MODEL if ONNX Runtime refuses the model.
 * @example
 * const classifier = await openClassifier('runs/demo')
 * console.log(await classifier.classify(await loadAudio('dog.ogg', { sampleRate: null }), { topK: 3 }))
 */
export async function openClassifier(
  dir: string,
  { precision }: { precision?: 'int8' | 'float' } = {},
): Promise<Classifier & { manifest: ModelManifest }> {
  if (precision !== undefined) assertOneOf('precision', precision, ['int8', 'float'])
  const text = (await read(join(dir, 'model.json'))).toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new EscError('INVALID_INPUT', `${join(dir, 'model.json')} is not JSON`, { cause })
  }
  const manifest = parseManifest(json)
  const name = precision === 'float' ? manifest.files.float : (manifest.files.int8 ?? manifest.files.float)
  if (precision === 'int8' && manifest.files.int8 === null) {
    throw new EscError('INVALID_INPUT', `${dir}: the manifest names no int8 model; use precision 'float'`)
  }
  const classifier = await createClassifier(await read(join(dir, name)), manifest, { runtime: ortRuntime })
  return { ...classifier, manifest }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('IO', `cannot read ${path}: ${message}`, { detail: { path }, cause })
  }
}
