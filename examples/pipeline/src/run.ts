/** The main job: from recordings to a verified int8 model and a report. */
import { dirname } from 'node:path'
import { EscError } from '@esc/core'
import { writeModelFiles } from '@esc/edge/node'
import {
  assertWritable,
  assertWritableFile,
  clearLeftovers,
  historyCsv,
  type PendingFolder,
  pendingFolder,
  toJson,
  writeFiles,
} from './files.js'
import { metricsOf } from './metrics.js'
import { renderReport } from './report/render.js'
import type { RunResults } from './results.js'
import type { RunContext } from './stages/context.js'
import { openData, prepareData, type RunSource } from './stages/data.js'
import { deployModel } from './stages/deploy.js'
import { evaluateProbe } from './stages/probe.js'
import { trainNetwork } from './stages/train.js'
import { defeatOf } from './verdict.js'

/** Folder in the results that `--save-audio` fills with the clips as the features see them. */
const processedName = 'processed/audio'

/** Runs work that must not be cut once it has begun. */
export type Finish = <T>(run: () => Promise<T>) => Promise<T>

/**
 * Runs all stages, and writes the results when the last one is done.
 *
 * @returns What `report.html` shows, and the folder that holds it.
 * @throws EscError naming what is wrong and where; the signal's reason. Then nothing was written, unless it was the writing of the
 *   results that failed.
 */
export async function runPipeline(
  context: RunContext,
  finish: Finish = (run) => run(),
): Promise<{ results: RunResults; out: string }> {
  const { features, checkpoint } = context.options
  if (features !== null) await assertWritable(features)
  if (checkpoint !== null) await assertWritableFile(checkpoint)
  const source = await openData(context)
  const { out } = source
  if (checkpoint !== null) assertNoFolder(checkpoint, features === null ? { out } : { out, features })
  await clearLeftovers(out, [processedName])
  const processed = pendingFolder(out, processedName)
  try {
    return { results: await runStages(context, source, processed, finish), out }
  } finally {
    processed.discard()
  }
}

/** Refuses a checkpoint file in a place where the run makes a folder. */
function assertNoFolder(checkpoint: string, folders: Readonly<Record<string, string>>): void {
  for (const [flag, folder] of Object.entries(folders)) {
    for (let path = folder; ; path = dirname(path)) {
      if (path === checkpoint) {
        const message = `--checkpoint ${checkpoint} must be a file, but --${flag} makes a folder there; choose another name`
        throw new EscError('INVALID_OPTION', message)
      }
      if (path === dirname(path)) break
    }
  }
}

async function runStages(
  context: RunContext,
  source: RunSource,
  processed: PendingFolder,
  finish: Finish,
): Promise<RunResults> {
  const { console, signal } = context
  const started = performance.now()
  const data = await prepareData(context, source, processed)
  const probe = await evaluateProbe(context, data)
  const trained = await trainNetwork(context, data)
  const { model } = trained
  const deployed = await deployModel(context, data, model)
  const defeat = defeatOf(deployed.float.evaluation.accuracy, probe.accuracy)
  if (defeat !== null) console.line(`  warning: ${defeat}`)
  const figures = { probe, trained, deployed }
  const metrics = metricsOf(context, data, figures, (performance.now() - started) / 1000)
  const results: RunResults = {
    metrics,
    history: model.history,
    clips: data.dataset.records.map(({ id, labelIndex }, index) => ({
      id,
      labelIndex,
      durationSec: data.features.clips[index]!.facts!.durationSec,
    })),
  }
  const files = {
    'history.csv': historyCsv(model.history),
    'metrics.json': toJson(metrics),
    'report.html': renderReport(results),
  }
  signal.throwIfAborted()
  // The files belong together, so a stop from here on takes effect only after all of them are written.
  await finish(() =>
    console.stage('write the results', async () => {
      await writeFiles(source.out, files)
      await processed.commit()
      await writeModelFiles(source.out, deployed.files, { overwrite: true })
      return { summary: source.out }
    }),
  )
  return results
}
