/**
 * The feature store with real recordings: 400 OGG clips to 13 MFCCs in threads, and a second run that finds
 * them all.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { mfcc13 } from '@esc/dsp'
import { type BenchRow, median } from './rows.js'

const rounds = 3

/**
 * Two workers against one, and against two processes with half of the clips each, in turns. The list is empty
 * if `ESC10_DIR` is not set.
 */
export async function featuresSuite(): Promise<BenchRow[]> {
  const source = process.env.ESC10_DIR
  if (source === undefined) return []
  const opened = await openDataset(source, { subset: 'esc10' })
  const dir = await mkdtemp(join(tmpdir(), 'esc-bench-'))
  const run = async (workers: number, isCached = false) => {
    if (!isCached) await rm(dir, { recursive: true })
    const started = performance.now()
    await extractFeatures(opened, mfcc13, { dir, workers })
    return performance.now() - started
  }
  const runProcesses = async () => {
    await rm(dir, { recursive: true })
    const started = performance.now()
    const program = fileURLToPath(new URL('./feature-process.js', import.meta.url))
    const exits = ['0', '1'].map((half) =>
      once(spawn(process.execPath, [program, source, half, dir], { stdio: 'inherit' }), 'exit'),
    )
    for (const [code] of await Promise.all(exits)) if (code !== 0) throw new Error(`${program} failed`)
    return performance.now() - started
  }
  const times = {
    one: [] as number[],
    two: [] as number[],
    processes: [] as number[],
    cached: [] as number[],
  }
  try {
    for (let round = 0; round < rounds; round++) {
      times.one.push(await run(1))
      times.two.push(await run(2))
      times.cached.push(await run(2, true))
      times.processes.push(await runProcesses())
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  const clips = `${opened.dataset.records.length} OGG clips → mfcc13`
  return [
    {
      case: `${clips}, 2 workers`,
      oursMs: median(times.two),
      peer: { name: '1 worker', ms: median(times.one) },
      goalMs: 8000,
    },
    {
      case: `${clips}, 2 workers`,
      oursMs: median(times.two),
      peer: { name: '2 processes', ms: median(times.processes) },
    },
    { case: `${clips}, all stored`, oursMs: median(times.cached), peer: null, goalMs: 500 },
  ]
}
