/**
 * `npm start`: reads the flags, runs the job, says where the results are, and ends with one clear line on an error.
 *
 * A run that loses its console (`npm start | head`, a full disk under a log) goes on, and its exit code says whether the results are
 * there. SIGINT, SIGTERM and SIGHUP stop the run cleanly, with the exit codes 130, 143 and 129. A second signal ends it at once, if it
 * comes half a second later or more. The run removes its temporary files however it ends. After `kill -9` the next run removes them.
 */
import { existsSync, readdirSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { isEscError } from '@esc/core'
import { helpText } from './command.js'
import { createStageConsole, losable } from './console.js'
import { dryRun } from './dry-run.js'
import { messageInFlags } from './flag-words.js'
import { parseOptions, type RunOptions } from './options.js'
import { runPipeline } from './run.js'
import { percent, plural } from './stages/context.js'
import { fetchSource } from './stages/source.js'
import { listenForStops, Stopped } from './stops.js'

// npm runs scripts in the package's folder. INIT_CWD is the folder that npm was called in.
const cwd = process.env.INIT_CWD ?? process.cwd()
const argv = process.argv.slice(2)

// When stderr is lost, too, there is nowhere to report it.
const stderr = losable(process.stderr)
let stdoutFault: string | null = null
const stdout = losable(process.stdout, ({ code, message }) => {
  // EPIPE: the reader has closed the pipe, so it has read enough.
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
  // The run ends after the current training step. Somebody at a terminal may find that long.
  stops.signal.addEventListener('abort', () => {
    if (stdout.isTTY) console.line('The run is stopping. Press Ctrl-C again to end it at once.')
  })
  try {
    const options = parseOptions(argv, cwd)
    const context = { options, console, signal: stops.signal, cwd }
    if (options.download) {
      const nothing = whatIsLeft
      whatIsLeft = () => `The downloaded part is kept in ${options.data}.download for the next --download.`
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
    stderr.write(`error: ${messageInFlags(error, argv).replaceAll(/\p{Cc}/gu, '?')}\n`)
    return error.code === 'INVALID_OPTION' ? 2 : 1
  }
}

/** The exit code of a run whose only result is text. It is 1 if the text could not be written, as on a full disk. */
async function printed(): Promise<number> {
  // A stream reports a fault a moment after the write.
  await new Promise((next) => setImmediate(next))
  return stdoutFault === null ? 0 : 1
}

/** Says what a stopped run leaves behind. It may have been stopped before it wrote a file. */
function whatIsKept({ features, checkpoint }: RunOptions): string {
  const kept: string[] = []
  if (features !== null && existsSync(features)) {
    const isBegun = namesIn(features).some((name) => name.endsWith('.npy'))
    kept.push(isBegun ? `Finished features are kept in ${features}.` : 'No features were finished.')
  }
  if (checkpoint !== null && existsSync(checkpoint)) kept.push(`Finished epochs are kept in ${checkpoint}.`)
  return kept.length > 0 ? kept.join(' ') : 'Nothing was written.'
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    // The path is no folder. The run was stopped before it found that out.
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
      'These clips are synthetic, so the figures say nothing about real sound. Use --data DIR for real recordings.',
    )
  row('float', float, times.latency.float)
  if (int8 && parity && times.latency.int8) {
    row('int8', int8, times.latency.int8)
    line(
      `Float and int8 give the same class for ${percent(parity.agreement)} of ${plural(split.test, 'test clip')}.`,
    )
  }
  line(
    split.leakedTestClips === null
      ? 'No groups are known, so test clips may have siblings in training: clips of the same recording. --group names the groups.'
      : `${split.leakedTestClips} of ${plural(split.test, 'test clip')} ${split.leakedTestClips === 1 ? 'has' : 'have'} a sibling in training: another clip of the same recording.`,
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
    // The error is not in the input but in this program. The stack helps to repair it.
    stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 70
  },
)
