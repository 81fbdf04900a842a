/** ARCHITECTURE.md says what the tree holds: its lists of files, its tables, the tests and functions that it names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findList, foldersOfMap, listOf, silentFilesOf } from './map/map.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')

/** A section of the page, by the text of its heading. */
function section(heading: string): string {
  const found = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))
  if (!found) throw new Error(`ARCHITECTURE.md has no section "${heading}"`)
  return found.slice(heading.length)
}

/** Rows of the first table of a section, without its head. */
function rowsOf(heading: string): string[][] {
  const lines = section(heading).split('\n')
  const first = lines.findIndex((line) => line.startsWith('|'))
  const rest = lines.slice(first + 2)
  const count = rest.findIndex((line) => !line.startsWith('|'))
  return rest.slice(0, count < 0 ? rest.length : count).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

const linesOf = (text: string) =>
  text
    .split(/\n(?=- |`|\n)/)
    .map((line) => line.trim())
    .filter(Boolean)

test.each(foldersOfMap())('%s: every source file begins with a comment that says what it holds', (folder) => {
  expect(silentFilesOf(folder)).toEqual([])
})

describe('the lists of files', () => {
  // A failure shows the lines to add (+) and to remove (-); `npm run map` does both.
  test.each(foldersOfMap())('%s', (folder) => {
    const list = findList(page, folder)
    expect(list, `ARCHITECTURE.md has no list of ${folder}; npm run map says how to add it`).not.toBeNull()
    const there = linesOf(listOf(folder))
    const written = linesOf(list!)
    const missing = there.filter((line) => !written.includes(line))
    const gone = written.filter((line) => !there.includes(line))
    expect({ missing, gone }, 'run "npm run map"').toEqual({ missing: [], gone: [] })
    expect(list).toBe(listOf(folder))
  })
})

test('the picture and the table of joints agree on who makes what and who takes what', () => {
  const picture = /```\n([\s\S]*?)```/.exec(section("Bird's eye"))![1]!.replace(/\s+/g, ' ')
  const [first, ...rest] = picture.trim().split(/ ?─([a-z-]+)─▶ /)
  const joints = new Map(
    rowsOf("Bird's eye").map(([name, , makers, takers]) => [name!.replaceAll('`', ''), { makers, takers }]),
  )
  expect(first).toBe('file')
  let before: string[] = []
  for (let i = 0; i < rest.length; i += 2) {
    const stage = rest[i]!
    const after = rest[i + 1]!.split(/ \+ |, /).map((name) => name.replace('[]', '').trim())
    for (const name of before) expect(joints.get(name)?.takers, `${stage} takes ${name}`).toContain(stage)
    for (const name of after) expect(joints.get(name)?.makers, `${stage} makes ${name}`).toContain(stage)
    before = after
  }
})

test('the table of imports is what the packages declare', () => {
  for (const [name, may] of rowsOf('Who may import whom')) {
    const folder = join(root, 'packages', name!.replaceAll('`', ''))
    if (!existsSync(join(folder, 'package.json'))) continue
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const declared = Object.keys(dependencies).filter((each) => each.startsWith('@esc/'))
    const allowed = may!.match(/[a-z][a-z-]*/g) ?? []
    for (const each of declared)
      expect(allowed, `${name} depends on ${each}`).toContain(each.slice('@esc/'.length))
  }
})

test('functions stand where the page says', () => {
  const rows = rowsOf('Where is …?')
  expect(rows.length).toBeGreaterThanOrEqual(8)
  for (const [what, place] of rows) {
    const found = [...place!.matchAll(/\[`([^`]+)`\]\(([^)]+)\): `(\w+)`/g)]
    expect(found.length, `${what}: expected [\`file\`](path): \`function\``).toBeGreaterThan(0)
    for (const [, shown, path, name] of found) {
      expect(existsSync(join(root, path!)), `${what}: there is no ${path}`).toBe(true)
      expect(path!.endsWith(shown!), `${path} is shown as ${shown}`).toBe(true)
      const text = readFileSync(join(root, path!), 'utf8')
      const declaration = new RegExp(
        `(function\\*?|const|let|class|interface|type) ${name}\\b|^  (async )?\\*?${name}\\(`,
        'm',
      )
      expect(text, `${what}: ${path} declares no ${name}`).toMatch(declaration)
    }
  }
})

test('every invariant names a test that is there', () => {
  const invariants = section('Invariants')
    .split(/\n(?=- )/)
    .filter((each) => each.startsWith('- '))
  expect(invariants.length).toBeGreaterThan(5)
  for (const each of invariants) {
    const [, label] = /^- \*\*(I\d+)/.exec(each) ?? []
    expect(label, `${each.slice(0, 40)} … begins with a label such as **I1**`).toBeDefined()
    const tests = [...each.matchAll(/`([^`]+\.test\.ts|[^`]+\.mjs)`/g)].map(([, path]) => path!)
    expect(tests.length, `${label} names its test`).toBeGreaterThan(0)
    for (const path of tests) expect(existsSync(join(root, path)), `${label}: there is no ${path}`).toBe(true)
  }
})

/** The anchors that GitHub gives the headings of a page. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('links lead to files and headings that are there', () => {
  const pages = readdirSync(root).filter((name) => name.endsWith('.md'))
  for (const name of [...pages, ...readdirSync(join(root, 'docs')).map((each) => `docs/${each}`)]) {
    if (!name.endsWith('.md')) continue
    const text = readFileSync(join(root, name), 'utf8')
    for (const [, target = '', anchor] of text.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)) {
      if (/^https?:/.test(target)) continue
      const path = join(root, target === '' ? name : join(dirname(name), target))
      expect(existsSync(path), `${name} links to ${target}`).toBe(true)
      if (anchor) expect(anchorsOf(readFileSync(path, 'utf8')), `${name}: #${anchor}`).toContain(anchor)
    }
  }
})
