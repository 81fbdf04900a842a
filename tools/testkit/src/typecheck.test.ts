/** The type check of all packages finds what `tsc` finds, and says where it is. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const program = join(root, 'tools', 'testkit', 'typecheck.mjs')

let work = ''
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'esc-types-'))
  symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'))
})
afterAll(() => rmSync(work, { recursive: true }))

/** A package with a portable part, and a part for Node. */
function putPackage(name: string, files: Readonly<Record<string, string>>): string {
  const base = { extends: join(root, 'tsconfig.base.json'), include: ['src'] }
  const all = {
    'tsconfig.json': JSON.stringify({ ...base, exclude: ['src/node'] }),
    'tsconfig.node.json': JSON.stringify({ ...base, compilerOptions: { types: ['node'] } }),
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(work, name, path)), { recursive: true })
    writeFileSync(join(work, name, path), text)
  }
  return join(work, name)
}

const check = (...folders: string[]) =>
  spawnSync(process.execPath, [program, ...folders], { encoding: 'utf8', cwd: root })

test('errors of both parts are found, and Node is unknown to the portable one', () => {
  const portable = "export const name: string = 'dog'\n"
  const node = "import { cwd } from 'node:process'\nimport { name } from '../index.js'\n"
  const right = putPackage('right', {
    'src/index.ts': portable,
    'src/node/index.ts': `${node}export const place: string = cwd() + name\n`,
  })
  const wrong = putPackage('wrong', {
    'src/index.ts': `${portable}export const place = process.cwd()\n`,
    'src/node/index.ts': `${node}export const place: number = cwd() + name\n`,
  })
  const found = check(right, wrong)
  const lines = found.stdout.split('\n').filter((line) => line.includes('error TS'))
  expect(lines).toEqual([
    expect.stringMatching(/wrong\/src\/index\.ts\(2,22\): error TS2591: Cannot find name 'process'/),
    expect.stringMatching(/wrong\/src\/node\/index\.ts\(3,14\): error TS2322/),
  ])
  expect(found.stdout).toMatch(/^Types of 4 files in 2 packages: errors, see above, /m)
  expect(found.status).toBe(1)
})

test('a library that brings the types of Node into the portable part is named', () => {
  const leaky = putPackage('leaky', {
    'src/index.ts': "import { parse } from 'csv-parse'\nexport const read: unknown = parse\n",
    'src/node/index.ts': 'export const nothing = 0\n',
  })
  const found = check(leaky)
  expect(found.stdout).toMatch(/@types\/node\/.*: Node's types are known to portable code: name the package/)
  expect(found.status).toBe(1)
})

test('a folder without settings is no proof that all is well', () => {
  const found = check(join(work, 'nowhere'))
  expect(found.stdout).toMatch(/^Types of 0 files in 0 packages/m)
  expect(found.status).toBe(1)
})
