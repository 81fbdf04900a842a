/** Runs that are cut, each in a process of its own, as a user, a supervisor or the system would cut them. */
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@esc/core'
import { isTemporaryName } from '@esc/core/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  drawCuts,
  type Kind,
  metricsIn,
  namesBelow,
  type Outcome,
  runCut,
  writeTones,
} from './fixture-cuts.js'
import { bundlePipeline } from './fixture-program.js'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })
const isLong = process.env.VERIFY_LONG === '1'
const cuts = isLong ? 50 : 3
const seed = Number(process.env.CUTS_SEED ?? Date.now() % 1_000_000)

let work: string
let command: [string, ...string[]]
let whole: Outcome
let wholeNames: string[]

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-cuts-'))
  const program = join(work, 'program')
  await bundlePipeline(program)
  const int8 = isLong ? '' : '--no-int8 '
  const flags = `--split stratified --epochs 3 ${int8}--save-audio --features kept --checkpoint state --out out`
  const tones = await writeTones(join(work, 'tones'))
  command = [process.execPath, join(program, 'main.js'), '--data', tones, ...flags.split(' ')]
  const cwd = join(work, 'whole')
  await mkdir(cwd)
  whole = await runCut(command, { cwd })
  wholeNames = await namesBelow(cwd)
})
afterAll(() => rm(work, { recursive: true }))

const exitCodes: Record<Kind, { code: number; signal: NodeJS.Signals | null }> = {
  SIGINT: { code: 130, signal: 'SIGINT' },
  'SIGINT twice': { code: 130, signal: 'SIGINT' },
  SIGTERM: { code: 143, signal: 'SIGTERM' },
  SIGHUP: { code: 129, signal: 'SIGHUP' },
  'stdout closed': { code: 0, signal: null },
  SIGKILL: { code: 137, signal: 'SIGKILL' },
}

/** A signal ends a process that does not listen yet, or no longer does. A late signal may find the run finished. */
function expectEnd(kind: Kind, { code, signal, stderr }: Outcome): void {
  const expected = exitCodes[kind]
  if (signal !== null) expect(signal).toBe(expected.signal)
  else expect([0, expected.code]).toContain(code)
  if (code === 0 || kind === 'SIGKILL' || kind === 'stdout closed') expect(stderr).toBe('')
  else
    expect(stderr).toMatch(
      /^$|^Stopped( at once)?\. (Nothing was written|No features were finished|.* kept in .*)\.\n$/,
    )
}

/** All results are there, or none. Features and epochs are there if they were finished. Nothing else is there. */
function expectFinishedOnly(names: readonly string[], wanted: readonly string[], { code, signal }: Outcome) {
  const hasResults = names.includes('out')
  if (hasResults) expect(names).toEqual(wanted)
  else expect(names.filter((name) => !wanted.includes(name))).toEqual([])
  // The exit code says truly if the results are there.
  if (signal === null) expect(hasResults).toBe(code === 0)
}

/** Every third run keeps neither features nor epochs. Its results are the same. */
function variantOf(index: number): { argv: [string, ...string[]]; wanted: string[] } {
  if (index % 3 !== 2) return { argv: command, wanted: wholeNames }
  const [file, ...argv] = command
  const kept = ['--features', 'kept', '--checkpoint', 'state']
  return {
    argv: [file, ...argv.filter((word) => !kept.includes(word))],
    wanted: wholeNames.filter((name) => name.startsWith('out')),
  }
}

test('the uncut run has all files that a cut run is compared with', () => {
  expect([whole.code, whole.stderr]).toEqual([0, ''])
  for (const name of ['out/report.html', 'out/model.json', 'out/processed/audio', 'state', 'kept/index.json'])
    expect(wholeNames).toContain(name)
  expect(wholeNames.filter((name) => isTemporaryName(name.split('/').at(-1)!))).toEqual([])
})

test.each(Array.from({ length: cuts }, (_, index) => index))(
  `random cut %i of CUTS_SEED=${seed}`,
  async (index) => {
    const cut = drawCuts(cuts, createRng(seed), whole)[index]!
    const cwd = join(work, `cut-${index}`)
    await mkdir(cwd)
    const { argv, wanted } = variantOf(index)
    const end = await runCut(argv, { cwd, cut })
    const told = `${cut.kind}, ${cut.delayMs} ms after line ${cut.lines}: ${end.code ?? end.signal} ${end.stderr}`
    console.log(`cut ${index}: ${told.trimEnd()}`)
    expectEnd(cut.kind, end)
    if (cut.kind !== 'SIGKILL') expectFinishedOnly(await namesBelow(cwd), wanted, end)

    const next = await runCut(argv, { cwd })
    expect([next.code, next.stderr]).toEqual([0, ''])
    expect(await namesBelow(cwd)).toEqual(wanted)
    expect(await metricsIn(join(cwd, 'out'))).toEqual(await metricsIn(join(work, 'whole', 'out')))
    await rm(cwd, { recursive: true })
  },
)

describe.runIf(existsSync('/dev/full'))('a console on a full disk', () => {
  let full: FileHandle
  beforeAll(async () => {
    full = await open('/dev/full', 'w')
  })
  afterAll(() => full.close())

  test.each([
    ['stdout alone, which one line reports', false],
    ['both streams', true],
  ])('does not lose the run: %s', async (name, isBoth) => {
    const cwd = join(work, name.slice(0, 6))
    await mkdir(cwd)
    const end = await runCut(command, { cwd, stdio: [full.fd, isBoth ? full.fd : 'pipe'] })
    expect(end.stderr).toMatch(
      isBoth ? /^$/ : /^warning: cannot write to the console: ENOSPC.*; the run goes on without it\n$/,
    )
    expect(end.code).toBe(0)
    expect(await namesBelow(cwd)).toEqual(wholeNames)
  })

  test('fails if text is the only result', async () => {
    const help = await runCut([...command, '--help'], { cwd: work, stdio: [full.fd, 'pipe'] })
    expect(help.stderr).toMatch(/^warning: cannot write to the console: ENOSPC/)
    expect(help.code).toBe(1)
  })
})
