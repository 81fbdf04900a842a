/** The main job: from recordings to a verified int8 model and a report. */
import { dirname } from 'node:path'
import { writeModelFiles } from '@esc/edge/node'
import { assertWritable, historyCsv, type PendingFolder, pendingFolder, toJson, writeFiles } from './files.js'
import { metricsOf } from './metrics.js'
import { renderReport } from './report/render.js'
import type { RunResults } from './results.js'
import type { RunContext } from './stages/context.js'
import { openData, prepareData, type RunSource } from './stages/data.js'
import { deployModel } from './stages/deploy.js'
import { trainNetwork } from './stages/train.js'

/**
 * Runs all stages, and writes the results when the last one is done.
 *
 * @returns What `report.html` shows, and the folder it lies in.
 * @throws EscError naming what is wrong and where; the signal's reason. Then nothing is written, unless the results themselves
 *   could not be written whole.
 */
export async function runPipeline(context: RunContext): Promise<{ results: RunResults; out: string }> {
  const { features, checkpoint } = context.options
  if (features !== null) await assertWritable(features)
  if (checkpoint !== null) await assertWritable(dirname(checkpoint))
  const source = await openData(context)
  const processed = pendingFolder(source.out, 'processed/audio')
  try {
    return { results: await runStages(context, source, processed), out: source.out }
  } finally {
    await processed.discard()
  }
}

async function runStages(
  context: RunContext,
  source: RunSource,
  processed: PendingFolder,
): Promise<RunResults> {
  const { console, signal } = context
  const started = performance.now()
  const data = await prepareData(context, source, processed)
  const trained = await trainNetwork(context, data)
  const { model } = trained
  const deployed = await deployModel(context, data, model)
  const metrics = metricsOf(context, data, trained, deployed, (performance.now() - started) / 1000)
  const results: RunResults = {
    metrics,
    history: model.history,
    clips: data.dataset.records.map(({ id, labelIndex }, index) => ({
      id,
      labelIndex,
      durationSec: data.features.clips[index]!.facts!.durationSec,
    })),
  }
  signal.throwIfAborted()
  await console.stage('write the results', async () => {
    await writeFiles(source.out, {
      'history.csv': historyCsv(model.history),
      'metrics.json': toJson(metrics),
      'report.html': renderReport(results),
    })
    await processed.commit()
    await writeModelFiles(source.out, deployed.files, { overwrite: true })
    return { summary: source.out }
  })
  return results
}
