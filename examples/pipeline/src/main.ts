/** `npm start`: reads the flags, runs the job, says where the results are, and ends with one clear line on an error. */
import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { isEscError } from '@esc/core'
import { createStageConsole } from './console.js'
import { dryRun } from './dry-run.js'
import { helpText, parseOptions, type RunOptions } from './options.js'
import { runPipeline } from './run.js'
import { percent } from './stages/context.js'
import { fetchSource } from './stages/source.js'

// npm runs scripts in the package's folder and says here where it was called.
const cwd = process.env.INIT_CWD ?? process.cwd()
const argv = process.argv.slice(2)

async function main(): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText())
    return 0
  }
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Stopped(130)))
  process.once('SIGTERM', () => stop.abort(new Stopped(143)))
  const console = createStageConsole(process.stdout)
  let whatIsLeft = () => 'Nothing was written.'
  try {
    const options = parseOptions(argv, cwd)
    const context = { options, console, signal: stop.signal, cwd }
    if (options.download) {
      const nothing = whatIsLeft
      whatIsLeft = () => `What was fetched is kept for the next --download, in ${options.data}.download.`
      await fetchSource(context)
      whatIsLeft = nothing
    }
    if (!options.dryRun) whatIsLeft = () => whatIsKept(options)
    if (options.dryRun) await dryRun(context)
    else printResults(await runPipeline(context), console.line)
    return 0
  } catch (error) {
    console.line('')
    if (error instanceof Stopped) {
      process.stderr.write(`Stopped. ${whatIsLeft()}\n`)
      return error.exitCode
    }
    if (!isEscError(error)) throw error
    // What a library calls skipping is a flag here.
    const flag = error.detail.skippable === true ? ' (--skip-bad)' : ''
    process.stderr.write(`error: ${error.message}${flag}\n`)
    return error.code === 'INVALID_OPTION' ? 2 : 1
  }
}

/** What a run that is stopped leaves behind: it may not have come as far as a file. */
function whatIsKept({ features, checkpoint }: RunOptions): string {
  const kept = [
    ...(features !== null && existsSync(features)
      ? [`Features that are finished are kept in ${features}.`]
      : []),
    ...(checkpoint !== null && existsSync(checkpoint)
      ? [`Epochs that are finished are kept in ${checkpoint}.`]
      : []),
  ]
  return kept.length > 0 ? kept.join(' ') : 'Nothing was written.'
}

/** An abort by the user, and what the shell is told: 128 and the signal's number. */
class Stopped extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super('stopped')
    this.exitCode = exitCode
  }
}

function printResults(
  { results, out }: Awaited<ReturnType<typeof runPipeline>>,
  line: (text: string) => void,
): void {
  const { dataset, split, float, int8, parity, times } = results.metrics
  const file = (name: string) => {
    const path = relative(cwd, join(out, name))
    return path.startsWith('..') || isAbsolute(path) ? join(out, name) : path
  }
  const row = (name: string, { bytes, accuracy }: typeof float, latency: { p50Ms: number; p95Ms: number }) =>
    line(
      `${name.padEnd(8)} test accuracy ${percent(accuracy).padStart(7)}  ${(bytes / 1000).toFixed(1).padStart(8)} kB  ` +
        `p50 ${latency.p50Ms.toFixed(2)} ms, p95 ${latency.p95Ms.toFixed(2)} ms a clip, one thread`,
    )
  line('')
  if (dataset.synthetic)
    line(
      'These clips are synthetic: the figures say nothing about real sound. Give --data DIR for real ones.',
    )
  row('float', float, times.latency.float)
  if (int8 && parity && times.latency.int8) {
    row('int8', int8, times.latency.int8)
    line(`They agree on ${percent(parity.agreement)} of ${split.test} test clips.`)
  }
  line(
    split.leakedTestClips === null
      ? 'No groups are known, so it is not known whether test clips have siblings in training; --group names them.'
      : `${split.leakedTestClips} of ${split.test} test clips have a sibling in training.`,
  )
  line('')
  line(`report   ${file('report.html')}`)
  line(`models   ${[float, ...(int8 ? [int8] : [])].map((model) => file(model.file)).join(', ')}`)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    // Not an error of the input but of this program: the stack helps whoever repairs it.
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 70
  },
)
