/** Runs of the pipeline that are cut at a random moment. For tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeWav } from '@esc/audio-io/node'
import { createRng, type Rng } from '@esc/core'

/** How a run can be cut. */
export const kinds = ['SIGINT', 'SIGINT twice', 'SIGTERM', 'SIGHUP', 'stdout closed', 'SIGKILL'] as const
export type Kind = (typeof kinds)[number]

/** A cut, so many milliseconds after the run has printed so many lines. */
export interface Cut {
  kind: Kind
  lines: number
  delayMs: number
}

/** How a run ended. */
export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Time of each line, in milliseconds since the start. */
  lineMs: number[]
  totalMs: number
}

/** Writes tones of two classes, a folder for each. */
export async function writeTones(dir: string): Promise<string> {
  const rng = createRng(3)
  const sampleRate = 16000
  for (const [label, hertz] of [
    ['high', 1200],
    ['low', 300],
  ] as const) {
    await mkdir(join(dir, label), { recursive: true })
    for (let i = 0; i < 8; i++) {
      const pitch = hertz * (0.95 + 0.1 * rng.uniform())
      const samples = Float32Array.from(
        { length: 4800 },
        (_, t) => 0.4 * Math.sin((2 * Math.PI * pitch * t) / sampleRate) + 0.02 * rng.normal(),
      )
      await writeWav(join(dir, label, `${label}-${i}.wav`), { samples, sampleRate })
    }
  }
  return dir
}

/** Lines that come within this time count as one moment. */
const atOnceMs = 20

/**
 * Draws kinds of cuts and their moments. Each kind is drawn equally often. The time before each line is equally likely, however long
 * it is.
 */
export function drawCuts(count: number, rng: Rng, { lineMs, totalMs }: Outcome): Cut[] {
  const times = [0, ...lineMs, totalMs]
  const gaps = times
    .slice(1)
    .map((time, lines) => ({ lines, ms: time - times[lines]! }))
    .filter(({ ms }) => ms >= atOnceMs)
  let left: Kind[] = []
  return Array.from({ length: count }, () => {
    if (left.length === 0) left = [...kinds]
    const [kind] = left.splice(rng.integer(left.length), 1)
    const { lines, ms } = gaps[rng.integer(gaps.length)]!
    return { kind: kind!, lines, delayMs: Math.round(ms * rng.uniform()) }
  })
}

/** A pipe to read from, or an open file. */
type StdioOption = 'pipe' | number

/** Runs a program to its end, or cuts it. */
export function runCut(
  command: readonly [string, ...string[]],
  options: { cwd: string; cut?: Cut | undefined; stdio?: readonly [out: StdioOption, err: StdioOption] },
): Promise<Outcome> {
  const [file, ...argv] = command
  const started = performance.now()
  const env = { ...process.env, INIT_CWD: options.cwd }
  const { cwd, stdio = ['pipe', 'pipe'] } = options
  const child = spawn(file, argv, { env, cwd, stdio: ['ignore', ...stdio] })
  const outcome = { stdout: '', stderr: '', lineMs: [] as number[] }
  let toCut = options.cut
  function cutIfDue(): void {
    if (!toCut || outcome.lineMs.length < toCut.lines) return
    const { kind, delayMs } = toCut
    toCut = undefined
    void sleep(delayMs).then(() => cutNow(child, kind))
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text
    for (let i = 1; i < text.split('\n').length; i++) outcome.lineMs.push(performance.now() - started)
    cutIfDue()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    outcome.stderr += text
  })
  cutIfDue()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, ...outcome, totalMs: performance.now() - started }),
    )
  })
}

async function cutNow(child: ChildProcess, kind: Kind): Promise<void> {
  if (kind === 'stdout closed') {
    child.stdout!.destroy()
  } else if (kind === 'SIGINT twice') {
    child.kill('SIGINT')
    // So late that the run does not take it for the same Ctrl-C.
    await sleep(550)
    child.kill('SIGINT')
  } else {
    child.kill(kind)
  }
}

/** All files and folders below a folder, by their paths from there. */
export async function namesBelow(dir: string): Promise<string[]> {
  return (await readdir(dir, { recursive: true })).sort()
}

/** A run's metrics, without its times. */
export async function metricsIn(out: string): Promise<unknown> {
  const text = await readFile(join(out, 'metrics.json'), 'utf8')
  return { ...JSON.parse(text), times: null }
}
