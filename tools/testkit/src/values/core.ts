/** Calls of `@esc/core`. */

import * as core from '@esc/core'
import * as manifest from '@esc/core/manifest'
import * as node from '@esc/core/node'
import * as recipes from '@esc/core/recipe'
import * as safetensors from '@esc/core/safetensors'
import { readManifest } from '@esc/edge'
import { type Entry, given } from './calls.js'
import { folder } from './folder.js'
import { clip, features, files, graph, labels, matrix, model, recipe } from './things.js'

const normalizer = { mean: given('numbers', Array(257).fill(0)), std: given('numbers', Array(257).fill(1)) }
const logits = given('samples', Float32Array.of(0, 1, 2, 3))
const indices = given('indices', [0, 1])

const tested = ['assertFeatures', 'assertFeatureSet', 'assertIndices', 'assertLabels', 'assertTrainedModel']

export const coreEntries: Readonly<Record<string, Entry>> = {
  core: {
    exports: core,
    calls: {
      clipLogits: [
        core.clipLogits,
        {
          logits,
          classes: given('count', 2, 'a number'),
          activation: given('text', 'softmax'),
          options: { temperature: given('number', 2, 'undefined') },
        },
      ],
      scoresOf: [
        core.scoresOf,
        {
          logits,
          classes: given('count', 2),
          activation: given('text', 'softmax'),
          options: { temperature: given('number', 2, 'undefined') },
        },
      ],
      durationSec: [core.durationSec, { clip: given('clip', clip) }],
      resolveWindows: [core.resolveWindows, { windows: { windowSec: given('number', 1) } }],
      assertFeatures: [
        core.assertFeatures,
        { id: 'clip0', features: given('matrix', matrix), shape: [1, 257, 11] },
      ],
      featureBatches: [
        core.featureBatches,
        {
          set: given('set', features),
          indices,
          options: { batchSize: given('count', 2), normalizer: null, signal: given('signal', undefined) },
        },
      ],
      allIndices: [core.allIndices, { set: given('set', features) }],
      assertFeatureSet: [core.assertFeatureSet, { set: given('set', features) }],
      assertIndices: [
        core.assertIndices,
        { name: 'indices', indices: given('indices', [0]), set: given('set', features) },
      ],
      assertLabels: [core.assertLabels, { name: 'labels', labels: given('texts', labels) }],
      drawFeatures: [
        core.drawFeatures,
        { set: given('set', features), indices, context: given('optionalCallback', undefined) },
      ],
      featureSet: [
        core.featureSet,
        {
          examples: [{ id: 'a', features: matrix, labelIndex: 0 }],
          options: { labels: given('texts', labels), recipe, windows: null },
        },
      ],
      'featureSet examples': [
        (examples: never) => core.featureSet(examples, { labels }),
        { examples: given('objects', [{ id: 'a', features: matrix, labelIndex: 0 }]) },
      ],
      sha256: [core.sha256, { bytes: given('bytes', Uint8Array.of(1)) }],
      classCount: [core.classCount, { graph: given('graph', graph) }],
      inferShapes: [core.inferShapes, { graph: given('graph', graph) }],
      applyNormalizer: [core.applyNormalizer, { matrix: given('matrix', matrix), normalizer }],
      createNormalizerFit: [
        (matrix: never) => {
          const fit = core.createNormalizerFit()
          fit.add(matrix)
          return fit.finish()
        },
        { matrix: given('matrix', matrix) },
      ],
      fitNormalizer: [core.fitNormalizer, { matrices: [given('matrix', matrix)] }],
      'fitNormalizer matrices': [core.fitNormalizer, { matrices: given('objects', [matrix]) }],
      createRng: [core.createRng, { seed: given('count', 1) }],
      assertTrainedModel: [core.assertTrainedModel, { model: given('model', model) }],
      namedWeights: [core.namedWeights, { graph: given('graph', graph) }],
      parameterCount: [core.parameterCount, { graph: given('graph', graph) }],
      withWeights: [
        core.withWeights,
        { graph: given('graph', graph), data: { 'dense.bias': given('samples', new Float32Array(2)) } },
      ],
    },
    others: [
      ...['EscError', 'isEscError', 'windowCount', 'windowPads', 'normalizeInto'],
      ...['applyLayer', 'unsupported', 'unsupportedLayer', 'nodeShape'],
      // What the others check with.
      ...Object.keys(core).filter((name) => /^(assert|wrong)[A-Z]/.test(name) && !tested.includes(name)),
      ...['asOptions', 'describeValue', 'hasField', 'isNumberList', 'mistakeOf', 'shown', 'typeOf'],
    ],
  },
  'core/recipe': {
    exports: recipes,
    calls: { parseRecipe: [recipes.parseRecipe, { recipe: given('recipe', recipe) }] },
  },
  'core/manifest': {
    exports: manifest,
    calls: { parseManifest: [manifest.parseManifest, { manifest: given('manifest', readManifest(files)) }] },
  },
  'core/safetensors': {
    exports: safetensors,
    calls: {
      writeSafetensors: [
        safetensors.writeSafetensors,
        {
          content: {
            tensors: new Map([['a', { shape: [1], data: Float32Array.of(1) }]]),
            metadata: given('object', {}),
          },
        },
      ],
      readSafetensors: [
        safetensors.readSafetensors,
        { bytes: given('bytes', safetensors.writeSafetensors({ tensors: new Map(), metadata: {} })) },
      ],
    },
  },
  'core/node': {
    exports: node,
    calls: {
      lockFolder: [
        (dir: never) => node.lockFolder(dir).then((unlock) => unlock()),
        { dir: given('path', folder) },
      ],
      removeStaleTemporaries: [node.removeStaleTemporaries, { dir: given('path', folder) }],
      writeAtomicallySync: [
        node.writeAtomicallySync,
        {
          path: given('path', `${folder}/b`),
          content: given('bytes', Uint8Array.of(1), 'a text', 'an empty text'),
        },
      ],
      writeFilesAtomically: [
        node.writeFilesAtomically,
        { dir: given('path', folder), files: given('object', { c: 'text' }) },
      ],
      writeAtomically: [
        node.writeAtomically,
        {
          path: given('path', `${folder}/a`),
          content: given('bytes', Uint8Array.of(1), 'a text', 'an empty text'),
        },
      ],
    },
    others: [
      ...[
        'createTemporaryFolder',
        'hashFile',
        'ioError',
        'onDisk',
        'reasonOf',
        'workerError',
        'workerProgram',
        'isRunning',
        'isTemporaryName',
        'removeAtExit',
        'temporaryPath',
      ],
    ],
  },
}
