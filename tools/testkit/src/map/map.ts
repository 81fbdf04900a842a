/** Writes and reads ARCHITECTURE.md's lists of files: each line is the first sentence of a file's first comment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** Files that are no sources of their own: tests, what only tests use, generated files, types of other people's code. */
const isLeftOut = (file: string) =>
  /\.test\.ts$|\.d\.ts$|\.generated\.|fixture|\/test-support\/|\/conformance\/|parse-page/.test(file)

/** Programs that the README shows letter by letter; they carry no comment. */
const shownPrograms: Readonly<Record<string, string>> = {
  'examples/quickstart/src/train.ts': 'From a folder of sounds to a classifier on disk.',
  'examples/quickstart/src/classify.ts': 'Classifies one file.',
  'examples/quickstart/src/page.ts': 'Trains and classifies in a page.',
}

const width = 118

/** The folders that have a list, such as `packages/core`, sorted. */
export function foldersOfMap(): string[] {
  return ['packages', 'examples', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .sort()
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(root, folder, 'src'))),
  )
}

/** Source files of a folder such as `packages/core`, relative to the root. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/src/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !isLeftOut(file))
}

/** The first sentence of a text. A full stop inside a name or a number, as in `model.json`, ends no sentence. */
function firstSentence(text: string): string {
  const [paragraph = ''] = text.trim().split(/\n\s*\n|\n\s*@|\s@(?:example|throws|see)\b/)
  const flat = paragraph.replace(/\s+/g, ' ').replace(/\{@link ([^}]+)\}/g, '`$1`')
  return /^.*?[.!?](?= [A-Z`]|$)/.exec(flat)?.[0] ?? flat
}

/** What a source file holds, in its own words; `null` if no comment says it. */
export function lineOf(file: string): string | null {
  if (shownPrograms[file]) return shownPrograms[file]
  const text = readFileSync(join(root, file), 'utf8')
  const [, comment] = /^(?:\/\/\/.*\n)*\/\*\*([\s\S]*?)\*\//.exec(text) ?? []
  if (comment) return firstSentence(comment.replace(/^\s*\* ?/gm, ''))
  return basename(file) === 'index.ts' ? `Public names of \`${specifierOf(file)}\`.` : null
}

/** `@esc/dsp/node` for `packages/dsp/src/node/index.ts`. */
function specifierOf(file: string): string {
  const [, name, below] = /^[a-z]+\/([^/]+)\/src\/(.*?)\/?index\.ts$/.exec(file)!
  return ['@esc', name, below].filter(Boolean).join('/')
}

/** Breaks a list item into lines; those after the first are indented. */
function wrap(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > width) {
      lines.push(line)
      line = `  ${word}`
    } else line = longer
  }
  return [...lines, line].join('\n')
}

/** Source files of a folder such as `packages/core` that do not begin with a comment. */
export function silentFilesOf(folder: string): string[] {
  return sourcesOf(folder).filter((file) => lineOf(file) === null)
}

/** The list of a folder such as `packages/core`: its files by the folder they lie in. */
export function listOf(folder: string): string {
  const byFolder = new Map<string, string[]>()
  for (const file of sourcesOf(folder)) {
    const lines = byFolder.get(dirname(file)) ?? []
    lines.push(wrap(`- \`${basename(file)}\`: ${lineOf(file) ?? '?'}`))
    byFolder.set(dirname(file), lines)
  }
  return [...byFolder]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([place, lines]) => `\`${place}/\`\n\n${lines.sort().join('\n')}`)
    .join('\n\n')
}

const beginOf = (folder: string) => `<!-- files: ${folder} -->`
const end = '<!-- end -->'

/** The list that a page has for a folder; `null` if it has none. */
export function findList(page: string, folder: string): string | null {
  const begin = page.indexOf(beginOf(folder))
  if (begin < 0) return null
  return page.slice(begin + beginOf(folder).length, page.indexOf(end, begin)).trim()
}

/**
 * The page with all lists as the files say now.
 *
 * @throws Error if the page has no place for a folder.
 */
export function updateMap(page: string): string {
  let text = page
  for (const folder of foldersOfMap()) {
    const begin = text.indexOf(beginOf(folder))
    if (begin < 0)
      throw new Error(
        `ARCHITECTURE.md needs a heading for ${folder}, and "${beginOf(folder)}\n${end}" below it`,
      )
    const from = begin + beginOf(folder).length
    text = `${text.slice(0, from)}\n\n${listOf(folder)}\n\n${text.slice(text.indexOf(end, from))}`
  }
  return text
}
