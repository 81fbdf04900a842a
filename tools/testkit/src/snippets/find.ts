/** Finds the code that documentation shows: the blocks of READMEs and the `@example`s of docstrings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../../../../', import.meta.url))

export interface Line {
  text: string
  /** Counted from 1, in the file that shows the line. */
  number: number
}

/** A program of a README. */
export interface Snippet {
  /** The file that shows it, relative to the root. */
  file: string
  /** The package that shows it, such as `dsp`; `root` for files outside packages. */
  owner: string
  lines: readonly Line[]
}

export interface Example extends Snippet {
  /** The function, type or constant that the example belongs to. */
  of: string
  /** Names of the function's parameters, in order. A parameter that is destructured has the name of its type: `flacInfo`. */
  parameters: readonly string[]
}

/** Files below a folder of the root whose names end so, sorted; relative to the root. */
export function filesBelow(folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith(ending) && !file.includes('node_modules'))
    .sort()
}

const ownerOf = (file: string) => /^packages\/([^/]+)/.exec(file)?.[1] ?? 'root'

export const isImport = ({ text }: Line) => /^\s*import\b[^(]/.test(text)

/** Names of code blocks that are TypeScript or JavaScript. */
const languages = ['ts', 'js', 'typescript', 'javascript']

/** The programs of a Markdown file. A block without an `import` continues the block before it. */
export function programsOf(file: string): Snippet[] {
  const programs: Line[][] = []
  let block: Line[] | null = null
  let isInside = false
  for (const [index, text] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(text)
    if (!fence) {
      block?.push({ text, number: index + 1 })
      continue
    }
    isInside = !isInside
    if (isInside) {
      block = languages.includes(fence[1]!) ? [] : null
    } else if (block) {
      if (block.some(isImport) || programs.length === 0) programs.push(block)
      else programs.at(-1)!.push(...block)
      block = null
    }
  }
  return programs.map((lines) => ({ file, owner: ownerOf(file), lines }))
}

/** The lines of an `@example`, without the stars of the comment. */
function linesOf(tag: ts.JSDocTag, comment: ts.JSDoc, source: ts.SourceFile): Line[] {
  const begin = tag.tagName.end
  const end = comment.tags!.find((other) => other.pos > tag.pos)?.pos ?? comment.end
  const first = source.getLineAndCharacterOfPosition(begin).line + 1
  return source.text
    .slice(begin, end)
    .replace(/\*\/$/, '')
    .split('\n')
    .map((text, index) => ({ text: text.replace(/^\s*\* ?/, '').trimEnd(), number: first + index }))
    .filter(({ text }) => text !== '' && !text.startsWith('```'))
}

function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]!.name.getText()
  return (node as Partial<ts.NamedDeclaration>).name?.getText() ?? ''
}

function nameOfParameter({ name, type }: ts.ParameterDeclaration): string {
  if (ts.isIdentifier(name)) return name.text
  if (!type || !ts.isTypeReferenceNode(type)) return ''
  const text = type.typeName.getText()
  return text[0]!.toLowerCase() + text.slice(1)
}

/** Every `@example` of a source file that a program has bound. */
export function examplesOf(source: ts.SourceFile): Example[] {
  const file = relative(root, source.fileName).replaceAll('\\', '/')
  const found: Example[] = []
  const visit = (node: ts.Node, of: string, parameters: readonly string[]) => {
    for (const comment of ts.getJSDocCommentsAndTags(node)) {
      if (!ts.isJSDoc(comment) || comment.parent !== node) continue
      for (const tag of comment.tags ?? []) {
        if (tag.tagName.text !== 'example') continue
        found.push({ file, owner: ownerOf(file), of, parameters, lines: linesOf(tag, comment, source) })
      }
    }
    ts.forEachChild(node, (child) => visit(child, of, parameters))
  }
  for (const statement of source.statements) {
    const parameters = ts.isFunctionDeclaration(statement) ? statement.parameters : []
    visit(statement, nameOf(statement), parameters.map(nameOfParameter))
  }
  return found
}

/** Names that code refers to; names of properties are not among them. */
export function namesIn(lines: readonly Line[]): Set<string> {
  const text = lines.map((line) => line.text).join('\n')
  const names = new Set<string>()
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node)
      if (!isProperty) names.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('names.ts', text, ts.ScriptTarget.ES2023, true))
  return names
}
