/** Uses every portable root without files or a network. It runs in Node and in a page, and gives the same in both. */
import { encodeWav, loadAudio } from '@esc/audio-io'
import { createRng } from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { parseRecipe } from '@esc/core/recipe'
import { auditTable, parseEsc50, stratifiedGroupKFold, synthesizeEsc10 } from '@esc/dataset'
import {
  createExtractor,
  logmel64,
  logmel128,
  mfcc13,
  mfcc20,
  spectralContrast,
  stm32,
  timeStretch,
  yamnet,
} from '@esc/dsp'
import { quantizeStatic } from '@esc/edge'
import { audioCnn, classificationReport } from '@esc/model'
import { buildTrainingModel, lowerNetwork, readModel, writeModel } from '@esc/onnx'

/** Makes features, a split and ONNX bytes from a CSV and a WAV. Large results are returned as hashes. */
export async function usePortableRoots(): Promise<Record<string, unknown>> {
  const { csv, clipAt } = synthesizeEsc10({ clipsPerClass: 5, durationSec: 1 })
  const dataset = parseEsc50(csv)
  const wav = encodeWav(clipAt(3), { bitDepth: 24 })
  const clip = await loadAudio(wav, { sampleRate: null })
  const features = [mfcc13, mfcc20, logmel64, logmel128, stm32, yamnet].map((recipe) =>
    createExtractor(parseRecipe(recipe)).extract(clip),
  )
  const graph = audioCnn({ bins: features[0]!.bins, frames: features[0]!.frames, classes: 10 })
  const normalizer = { mean: Array<number>(13).fill(-5), std: Array<number>(13).fill(50) }
  const model = lowerNetwork(graph, { normalizer })
  const bytes = writeModel(model)
  const ranges = new Map(
    model.graph.nodes.flatMap(({ outputs }) => outputs.map((name) => [name, { min: -1, max: 1 }])),
  )
  const labels = dataset.records.map(({ labelIndex }) => labelIndex)
  const groups = dataset.records.map(({ group }) => group)
  return {
    wav: hash(wav),
    // The clip is resampled for all recipes but one.
    features: features.map(({ data }) => hash(data)),
    stretched: hash(timeStretch(clip.samples, { rate: 1.1 })),
    contrast: hash(spectralContrast(clip).data),
    audit: auditTable(dataset),
    folds: [...stratifiedGroupKFold(labels, groups, { nSplits: 5 })].map(({ test }) => [...test]),
    report: classificationReport(labels, labels, dataset.labels).accuracy,
    onnx: hash(bytes),
    int8: hash(writeModel(quantizeStatic(readModel(bytes), ranges))),
    training: hash(writeModel(buildTrainingModel(graph))),
    random: createRng(1).fork('page').uniform(),
    manifest: typeof parseManifest,
  }
}

/** FNV-1a over the bytes. */
export function hash({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  let value = 0x811c9dc5
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength))
    value = Math.imul(value ^ byte, 0x01000193)
  return (value >>> 0).toString(16)
}
