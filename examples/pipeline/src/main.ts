/**
 * `npm start`: reads the flags, runs the job, says where the results are, and ends with one clear line on an error.
 *
 * A run that loses its console (`npm start | head`, a full disk under a log) goes on, and its exit code says whether the results are
 * there. SIGINT, SIGTERM and SIGHUP stop it in order, with 130, 143 and 129; a second one, half a second later or more, ends it
 * at once. However it ends, no temporary file stays; what `kill -9` leaves, the next run removes.
 */
import { existsSync, readdirSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { type EscError, isEscError } from '@esc/core'
import { createStageConsole, losable } from './console.js'
import { dryRun } from './dry-run.js'
import { helpText, parseOptions, type RunOptions } from './options.js'
import { runPipeline } from './run.js'
import { percent } from './stages/context.js'
import { fetchSource } from './stages/source.js'
import { listenForStops, Stopped } from './stops.js'

// npm runs scripts in the package's folder and says here where it was called.
const cwd = process.env.INIT_CWD ?? process.cwd()
const argv = process.argv.slice(2)

// Nobody is left to be told when this one is lost.
const stderr = losable(process.stderr)
let stdoutFault: string | null = null
const stdout = losable(process.stdout, ({ code, message }) => {
  // Whoever closed the pipe has read enough.
  if (code === 'EPIPE') return
  stdoutFault = message
  stderr.write(`warning: cannot write to the console: ${message}; the run goes on without it\n`)
})

async function main(): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    stdout.write(helpText())
    return printed()
  }
  const console = createStageConsole(stdout)
  let whatIsLeft = () => 'Nothing was written.'
  const stops = listenForStops(() => {
    console.line('')
    stderr.write(`Stopped at once. ${whatIsLeft()}\n`)
  })
  // A step of training is waited for, which a person at a terminal may find long.
  stops.signal.addEventListener('abort', () => {
    if (stdout.isTTY) console.line('Stopping; another Ctrl-C ends it at once.')
  })
  try {
    const options = parseOptions(argv, cwd)
    const context = { options, console, signal: stops.signal, cwd }
    if (options.download) {
      const nothing = whatIsLeft
      whatIsLeft = () => `What was fetched is kept for the next --download, in ${options.data}.download.`
      await fetchSource(context)
      whatIsLeft = nothing
    }
    if (options.dryRun) {
      await dryRun(context)
      return printed()
    }
    whatIsLeft = () => whatIsKept(options)
    printResults(await runPipeline(context, stops.finish), console.line)
    return 0
  } catch (error) {
    console.line('')
    if (error instanceof Stopped) {
      stderr.write(`Stopped. ${whatIsLeft()}\n`)
      return error.exitCode
    }
    if (!isEscError(error)) throw error
    stderr.write(`error: ${error.message.replaceAll(/\p{Cc}/gu, '?')}${flagsOf(error)}\n`)
    return error.code === 'INVALID_OPTION' ? 2 : 1
  }
}

/** What a library calls an option is a flag here. */
function flagsOf({ code, detail }: EscError): string {
  const isDamaged = detail.skippable === true && code === 'CORRUPT_DATA'
  const flags = [
    ...(detail.option === 'nested' ? ['--nested'] : []),
    ...(isDamaged && !argv.includes('--tolerant') ? ['--tolerant'] : []),
    ...(detail.skippable === true ? ['--skip-bad'] : []),
  ]
  return flags.length > 0 ? ` (${flags.join(', ')})` : ''
}

/** The exit code where the text is all there was to make: a disk that was full has none of it. */
async function printed(): Promise<number> {
  // A stream tells its fault a moment after it was written to.
  await new Promise((next) => setImmediate(next))
  return stdoutFault === null ? 0 : 1
}

/** What a run that is stopped leaves behind: it may not have come as far as a file. */
function whatIsKept({ features, checkpoint }: RunOptions): string {
  const kept: string[] = []
  if (features !== null && existsSync(features)) {
    const isBegun = namesIn(features).some((name) => name.endsWith('.npy'))
    kept.push(isBegun ? `Features that are finished are kept in ${features}.` : 'No features were finished.')
  }
  if (checkpoint !== null && existsSync(checkpoint))
    kept.push(`Epochs that are finished are kept in ${checkpoint}.`)
  return kept.length > 0 ? kept.join(' ') : 'Nothing was written.'
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    // It is no folder, which the run had yet to find out.
    return []
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
    stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 70
  },
)
