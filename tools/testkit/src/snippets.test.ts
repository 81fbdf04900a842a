/**
 * Every block of code in a README and every `@example` compiles, and runs where that is safe.
 *
 * For one package: `SNIPPETS=dsp npx vitest run --project testkit src/snippets.test.ts`; `root` stands for the pages of the root.
 */
import { beforeAll, expect, test } from 'vitest'
import { compileSnippets, type Snippets } from './snippets/compile.js'
import type { Snippet } from './snippets/find.js'
import {
  canRunExample,
  canRunProgram,
  modulesOfExample,
  modulesOfProgram,
  runSnippet,
} from './snippets/run.js'

const only = process.env.SNIPPETS?.split(/[ ,]+/).filter(Boolean) ?? []

let found: Snippets
beforeAll(() => {
  found = compileSnippets(only)
})

test('every snippet compiles', () => {
  expect(found.examples.length + found.programs.length).toBeGreaterThan(0)
  const failures = found.failures.map(({ file, line, message }) => `${file}:${line} ${message}`)
  expect(failures).toEqual([])
})

test('what can run runs, and its values are what the comments say', async () => {
  const load = (module: string) => import(/* @vite-ignore */ module)
  const isBroken = ({ file }: Snippet) => found.failures.some((failure) => failure.file === file)
  const runnable = [
    ...found.examples.filter(canRunExample).map((example) => [example, modulesOfExample(example)] as const),
    ...found.programs.filter(canRunProgram).map((program) => [program, modulesOfProgram(program)] as const),
  ].filter(([snippet]) => !isBroken(snippet))

  const mistakes: string[] = []
  const rows: { owner: string; compared: number }[] = []
  for (const [snippet, modules] of runnable) {
    const outcome = await runSnippet(snippet, modules, load)
    rows.push({ owner: snippet.owner, compared: outcome.compared })
    const { file, lines } = snippet
    mistakes.push(...outcome.mistakes.map((each) => `${file}:${lines[0]!.number} ${each}`))
  }
  const all = [...found.examples, ...found.programs]
  const table = [...new Set(all.map(({ owner }) => owner))].sort().map((owner) => {
    const run = rows.filter((row) => row.owner === owner)
    const snippets = all.filter((snippet) => snippet.owner === owner).length
    return { owner, snippets, run: run.length, compared: run.reduce((sum, row) => sum + row.compared, 0) }
  })
  console.table(table)
  expect(mistakes).toEqual([])
})
