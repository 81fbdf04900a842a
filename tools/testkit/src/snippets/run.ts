/**
 * Runs the code that documentation shows, where that is safe: it imports portable entries alone, which read no files and
 * reach no network, and an `@example` uses none of the declared variables. A value with a comment behind it, as in
 * `sizeOf([2, 3]) // 6`, must be what the comment says, if the comment is a literal.
 */
import { isDeepStrictEqual } from 'node:util'
import ts from 'typescript'
import { type ScopedExample, variablesFile } from './compile.js'
import { isImport, type Line, namesIn, type Snippet } from './find.js'

/** What running a snippet came to: how many values were compared, and what was wrong. */
export interface Outcome {
  compared: number
  mistakes: readonly string[]
}

/** Imports a module; given by the test, whose runner finds the source of packages. */
export type Load = (module: string) => Promise<Record<string, unknown>>

const notPortable = /\/(node|browser|tfjs)(\/|$)|^node:/
/** The entry of ONNX Runtime reads no files: it runs models that are in memory. */
const isPortable = (module: string) => module === '@esc/onnx/node' || !notPortable.test(module)

const parse = (lines: readonly Line[]) =>
  ts.createSourceFile('snippet.ts', lines.map(({ text }) => text).join('\n'), ts.ScriptTarget.ES2023, true)

const moduleOf = ({ moduleSpecifier }: ts.ImportDeclaration) => (moduleSpecifier as ts.StringLiteral).text

/** Whether a program can run: all its imports are portable. */
export function canRunProgram({ lines }: Snippet): boolean {
  const imports = parse(lines).statements.filter(ts.isImportDeclaration)
  const isKnown = ({ importClause }: ts.ImportDeclaration) =>
    importClause?.namedBindings !== undefined && ts.isNamedImports(importClause.namedBindings)
  return imports.length > 0 && imports.every((each) => isPortable(moduleOf(each)) && isKnown(each))
}

/** Names of the language and of what every engine offers. */
const isGlobal = (name: string) => name in globalThis && !['fetch', 'process', 'document'].includes(name)

/** Whether an example can run: everything in it is a portable function, a literal, or its own variable. */
export function canRunExample({ lines, parameters, scope }: ScopedExample): boolean {
  if (lines.some(isImport) || lines.some(({ text }) => /\b(throw|yield|return)\b/.test(text))) return false
  const own = new Set(lines.flatMap(({ text }) => variablesOf(text)))
  return [...namesIn(lines)].every((name) => {
    if (own.has(name)) return true
    if (parameters.includes(name)) return false
    const module = scope.get(name)
    return module ? !module.startsWith(variablesFile) && isPortable(module) : isGlobal(name)
  })
}

/** Variables that a line declares, parameters of its arrow functions included. */
function variablesOf(text: string): string[] {
  const names: string[] = []
  const visit = (node: ts.Node) => {
    if ((ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) && node.name) {
      if (ts.isIdentifier(node.name)) names.push(node.name.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('line.ts', text, ts.ScriptTarget.ES2023))
  return names
}

/** Rewrites `value // comment` into a call that hands both over, and takes imports and types out. */
function instrument(lines: readonly Line[]): string {
  const source = parse(lines)
  const edits: { start: number; end: number; text: string }[] = []
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) edits.push({ start: node.getStart(), end: node.end, text: '' })
    else if (ts.isExpressionStatement(node)) edits.push(...editOf(node, source.text))
    else ts.forEachChild(node, visit)
  }
  visit(source)
  let result = source.text
  for (const { start, end, text } of edits.reverse())
    result = result.slice(0, start) + text + result.slice(end)
  return ts.transpile(result, { target: ts.ScriptTarget.ES2023 })
}

function editOf(statement: ts.ExpressionStatement, text: string) {
  const [comment] = ts.getTrailingCommentRanges(text, statement.end) ?? []
  if (!comment || !text.startsWith('//', comment.pos)) return []
  let value = statement.expression
  if (ts.isCallExpression(value) && value.expression.getText() === 'console.log') {
    if (value.arguments.length !== 1) return []
    value = value.arguments[0]!
  }
  const said = JSON.stringify(text.slice(comment.pos + 2, comment.end).trim())
  return [{ start: statement.getStart(), end: comment.end, text: `;shown((${value.getText()}), ${said});` }]
}

const isLiteral = (node: ts.Node): boolean =>
  ts.isNumericLiteral(node) ||
  ts.isStringLiteral(node) ||
  [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind) ||
  (ts.isIdentifier(node) && ['undefined', 'NaN', 'Infinity'].includes(node.text)) ||
  (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'Math') ||
  (ts.isPrefixUnaryExpression(node) && isLiteral(node.operand)) ||
  (ts.isArrayLiteralExpression(node) && node.elements.every(isLiteral)) ||
  (ts.isObjectLiteralExpression(node) &&
    node.properties.every((each) => ts.isPropertyAssignment(each) && isLiteral(each.initializer)))

/** The literal that a comment is, as source text, without the class that `console.log` prints before it; or none. */
function literalOf(comment: string): string | null {
  const text = comment
    .replace(/^[A-Z]\w+Array(\(\d+\))? \[/, '[')
    .replace(
      /^Map(\(\d+\))? \{(.*)\}$/,
      (_, _size, entries: string) => `[${entries.replace(/([^,{]+?) => ([^,}]+)/g, '[$1, $2]')}]`,
    )
  const source = ts.createSourceFile('comment.ts', `(${text})`, ts.ScriptTarget.ES2023, true)
  const [statement, more] = source.statements
  if (more || !statement || !ts.isExpressionStatement(statement)) return null
  const { expression } = statement
  const isWhole = ts.isParenthesizedExpression(expression) && expression.end === text.length + 2
  return isWhole && isLiteral(expression.expression) ? text : null
}

/** A value with its numbers as text of so many digits as the comment gives, so that `0.667` is two thirds. */
function sameValue(value: unknown, said: unknown, digits: number): boolean {
  if (typeof value === 'number' && typeof said === 'number') {
    const tolerance = digits > 0 ? 0.5 * 10 ** -digits : 1e-9 * Math.abs(said)
    return Object.is(value, said) || Math.abs(value - said) <= tolerance
  }
  if (value instanceof Map) return sameValue([...value], said, digits)
  if (ArrayBuffer.isView(value) && 'length' in value)
    return sameValue(Array.from(value as Float32Array), said, digits)
  if (typeof value !== 'object' || typeof said !== 'object' || !value || !said)
    return isDeepStrictEqual(value, said)
  const keys = Object.keys(value)
  return (
    Array.isArray(value) === Array.isArray(said) &&
    keys.length === Object.keys(said).length &&
    keys.every((key) => sameValue(value[key as never], said[key as never], digits))
  )
}

const digitsIn = (literal: string) =>
  Math.max(0, ...[...literal.matchAll(/\.(\d+)(?!\d*e)/g)].map(([, decimals]) => decimals!.length))

const silent = { log: () => {}, error: () => {}, warn: () => {}, table: () => {} }

/**
 * Runs a snippet.
 *
 * @param modules - From each name that the snippet does not declare to the module that exports it.
 */
export async function runSnippet(
  { lines }: Snippet,
  modules: ReadonlyMap<string, string>,
  load: Load,
): Promise<Outcome> {
  let compared = 0
  const mistakes: string[] = []
  const shown = (value: unknown, comment: string) => {
    const literal = literalOf(comment)
    if (literal === null) return
    compared++
    const said = new Function(`return (${literal})`)()
    if (!sameValue(value, said, digitsIn(literal)))
      mistakes.push(`the value is ${format(value)}, not ${comment}`)
  }
  const values: Record<string, unknown> = { console: silent, shown }
  for (const [name, module] of modules) values[name] = (await load(module))[name]
  const body = `return (async () => {\n${instrument(lines)}\n})()`
  try {
    await new Function(...Object.keys(values), body)(...Object.values(values))
  } catch (error) {
    mistakes.push(`it throws ${error}`)
  }
  return { compared, mistakes }
}

const format = (value: unknown) =>
  typeof value === 'object' ? (JSON.stringify(value)?.slice(0, 200) ?? '') : String(value)

/** The modules of an example's names. */
export function modulesOfExample({ lines, scope }: ScopedExample): Map<string, string> {
  const own = new Set(lines.flatMap(({ text }) => variablesOf(text)))
  const found = [...namesIn(lines)]
    .filter((name) => !own.has(name))
    .map((name) => [name, scope.get(name)] as const)
  return new Map(found.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** The modules of the names that a program imports, without types, which do not exist at run time. */
export function modulesOfProgram({ lines }: Snippet): Map<string, string> {
  const modules = new Map<string, string>()
  for (const each of parse(lines).statements.filter(ts.isImportDeclaration)) {
    const bindings = each.importClause?.namedBindings
    if (each.importClause?.isTypeOnly || !bindings || !ts.isNamedImports(bindings)) continue
    for (const { isTypeOnly, name } of bindings.elements)
      if (!isTypeOnly) modules.set(name.text, moduleOf(each))
  }
  return modules
}
