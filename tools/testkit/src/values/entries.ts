/** Every entry of every package. */

import { audioEntries } from './audio-io.js'
import type { Entry } from './calls.js'
import { coreEntries } from './core.js'
import { datasetEntries } from './dataset.js'
import { dspEntries } from './dsp.js'
import { edgeEntries } from './edge.js'
import { modelEntries } from './model.js'
import { onnxEntries } from './onnx.js'

export const entries: Readonly<Record<string, Entry>> = {
  ...coreEntries,
  ...dspEntries,
  ...audioEntries,
  ...datasetEntries,
  ...onnxEntries,
  ...modelEntries,
  ...edgeEntries,
}
