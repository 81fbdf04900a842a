/** The main job: from recordings to a verified int8 model and a report. */
import { dirname } from 'node:path'
import { assertWritable, historyCsv, type PendingFolder, pendingFolder, toJson, writeFiles } from './files.js'
import { manifestOf, metricsOf } from './metrics.js'
import { renderReport } from './report/render.js'
import type { RunResults } from './results.js'
import type { RunContext } from './stages/context.js'
import { prepareData } from './stages/data.js'
import { deployModels, modelFiles } from './stages/deploy.js'
import { trainNetwork } from './stages/train.js'

/**
 * Runs all stages, and writes the results when the last one is done.
 *
 * @returns What `report.html` shows.
 * @throws EscError naming what is wrong and where; the signal's reason. Then nothing is written.
 */
export async function runPipeline(context: RunContext): Promise<RunResults> {
  const processed = pendingFolder(context.options.out, 'processed/audio')
  try {
    return await runStages(context, processed)
  } finally {
    await processed.discard()
  }
}

async function runStages(context: RunContext, processed: PendingFolder): Promise<RunResults> {
  const { options, console, signal } = context
  const started = performance.now()
  await assertWritable(options.out)
  if (options.features !== null) await assertWritable(options.features)
  if (options.checkpoint !== null) await assertWritable(dirname(options.checkpoint))
  const data = await prepareData(context, processed)
  const trained = await trainNetwork(context, data)
  const models = await deployModels(context, data, trained)
  const metrics = metricsOf(context, data, trained, models, (performance.now() - started) / 1000)
  const results: RunResults = {
    metrics,
    history: trained.history,
    clips: data.clips.records.map(({ id, labelIndex }, index) => ({
      id,
      labelIndex,
      durationSec: data.clips.facts[index]!.durationSec,
    })),
  }
  signal.throwIfAborted()
  await console.stage('write the results', async () => {
    await writeFiles(options.out, {
      [modelFiles.float]: models.float.bytes,
      [modelFiles.int8]: models.int8.bytes,
      'history.csv': historyCsv(trained.history),
      'metrics.json': toJson(metrics),
      'report.html': renderReport(results),
      'model.json': toJson(manifestOf(metrics, trained.normalizer)),
    })
    await processed.commit()
    return { summary: options.out }
  })
  return results
}
