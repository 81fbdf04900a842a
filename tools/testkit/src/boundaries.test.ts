/** The linter keeps the boundaries between packages. The tests plant forbidden imports, and it must refuse them. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Who may import whom. It repeats the table of ARCHITECTURE.md by hand, so that a change of one alone is noticed. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  onnx: ['core'],
  dsp: ['core'],
  'audio-io': ['core', 'dsp'],
  dataset: ['core', 'dsp', 'audio-io'],
  model: ['core', 'dsp', 'onnx'],
  edge: ['core', 'dsp', 'onnx'],
}
const packages = Object.keys(mayImport)

/** Libraries that only one place may import: its package, and its file or folder. */
const doors = [
  { library: 'fft.js', owner: 'dsp', door: 'src/fft/fft.ts' },
  { library: '@tensorflow/tfjs', owner: 'model', door: 'src/tfjs/planted.ts' },
  { library: 'onnxruntime-node', owner: 'onnx', door: 'src/node/planted.ts' },
  { library: 'protobufjs', owner: 'onnx', door: 'src/proto.ts' },
]

/** A peer that only tests and benches may import. */
const testOnly = 'wavefile/dist/wavefile.js'

type Rule = 'noRestrictedImports' | 'noUndeclaredDependencies'

interface Case {
  /** The package whose file imports. */
  from: string
  /** The folder of the importing file, or the file itself. */
  at: string
  imports: string
  /** The rule that must complain, and a part of what it says; `null` if none may. */
  breaks: { rule: Rule; message: string } | null
}

const portable = { rule: 'noRestrictedImports', message: 'Root entries are portable' } as const
const undeclared = { rule: 'noUndeclaredDependencies', message: "isn't specified" } as const

function packageCases(from: string): Case[] {
  const others = packages.filter((name) => name !== from)
  return ['src', 'src/node', 'src/browser'].flatMap((at) =>
    others.map((name) => {
      // Outside its root, edge also loads sound files.
      const allowed =
        mayImport[from]!.includes(name) || (from === 'edge' && at !== 'src' && name === 'audio-io')
      const breaks = { rule: 'noRestrictedImports', message: `@esc/${from} may import only` } as const
      return { from, at, imports: `@esc/${name}`, breaks: allowed ? null : breaks }
    }),
  )
}

function doorCases(from: string): Case[] {
  const breaks = { rule: 'noRestrictedImports', message: 'Imported in one place only' } as const
  return ['src', 'src/node'].flatMap((at) =>
    doors
      .filter(({ owner, door }) => !(owner === from && door.startsWith('src/node') && at === 'src/node'))
      .map(({ library }) => ({ from, at, imports: library, breaks: breaks as Case['breaks'] }))
      .concat({
        from,
        at,
        imports: testOnly,
        breaks: { rule: 'noRestrictedImports', message: 'A peer for tests and benches only' },
      }),
  )
}

const cases: Case[] = [
  ...packages.flatMap(packageCases),
  ...packages.flatMap(doorCases),
  ...doors.map(({ library, owner, door }) => ({ from: owner, at: door, imports: library, breaks: null })),
  ...packages.flatMap((from): Case[] => [
    { from, at: 'src', imports: 'node:fs', breaks: portable },
    { from, at: 'src', imports: '@esc/core/node', breaks: portable },
    { from, at: 'src/node', imports: 'node:fs', breaks: null },
    { from, at: 'src', imports: 'left-pad', breaks: undeclared },
    { from, at: 'src/node', imports: 'left-pad', breaks: undeclared },
  ]),
]

const fileOf = ({ from, at }: Case, index: number) =>
  `packages/${from}/${at.endsWith('.ts') ? at : `${at}/__planted_${index}__.ts`}`

interface Diagnostic {
  category: string
  message: string
  location: { path: string }
}

/**
 * Lints planted files in a copy of the linter's settings. In the packages themselves, other tools could find them.
 */
function lint(folder: string): Diagnostic[] {
  for (const file of ['biome.json', '.gitignore']) copyFileSync(join(root, file), join(folder, file))
  for (const name of packages) {
    mkdirSync(join(folder, 'packages', name), { recursive: true })
    for (const file of ['biome.json', 'package.json']) {
      copyFileSync(join(root, 'packages', name, file), join(folder, 'packages', name, file))
    }
  }
  for (const [index, planted] of cases.entries()) {
    const path = join(folder, fileOf(planted, index))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `import * as planted from '${planted.imports}'\nexport default planted\n`)
  }
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', 'packages']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 28 })
  const text = stdout.toString()
  if (!text.startsWith('{')) throw new Error(`biome gave no report: ${stderr}`)
  return JSON.parse(text).diagnostics
}

describe('the linter keeps the boundaries', () => {
  let folder = ''
  let diagnostics: Diagnostic[] = []
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'boundaries-'))
    diagnostics = lint(folder)
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** How the linter's verdict differs from the expected one; empty if it does not. */
  function mistake(planted: Case, index: number): string[] {
    const { from, at, imports, breaks } = planted
    const path = fileOf(planted, index)
    const rule = breaks?.rule ?? 'noRestrictedImports'
    const said = diagnostics
      .filter(({ location, category }) => location.path === path && category.endsWith(`/${rule}`))
      .map(({ message }) => message)
    const right = breaks ? said.some((message) => message.includes(breaks.message)) : said.length === 0
    const wanted = breaks ? `"${breaks.message}"` : 'nothing'
    return right ? [] : [`@esc/${from} ${at} imports ${imports}: expected ${wanted}, found [${said}]`]
  }

  const verdicts = [
    [
      'refuses what the table does not allow',
      (planted: Case) => planted.breaks?.rule === 'noRestrictedImports',
    ],
    [
      'refuses undeclared dependencies',
      (planted: Case) => planted.breaks?.rule === 'noUndeclaredDependencies',
    ],
    ['allows the rest', (planted: Case) => planted.breaks === null],
  ] as const
  const groups = packages.flatMap((from) =>
    verdicts.map(([verdict, isMeant]) => ({ from, verdict, isMeant })),
  )

  test.each(groups)('@esc/$from: $verdict', ({ from, isMeant }) => {
    const meant = (planted: Case) => planted.from === from && isMeant(planted)
    expect(cases.some(meant)).toBe(true)
    expect(cases.flatMap((planted, index) => (meant(planted) ? mistake(planted, index) : []))).toEqual([])
  })
})

describe('what the linter cannot see', () => {
  test.each(packages)('@esc/%s: no relative import leaves the package', (name) => {
    const folder = join(root, 'packages', name)
    const files = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, 'src', file))
    const leaving = sources.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import)[\s(]*['"](\.[^'"]*)['"]/g)]
        .map(([, target]) => resolve(dirname(file), target!))
        .filter((target) => !target.startsWith(folder + sep))
        .map((target) => `${file} imports ${target}`),
    )
    expect(sources.length).toBeGreaterThan(0)
    expect(leaving).toEqual([])
  })
})
