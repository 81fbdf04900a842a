/**
 * Compiles the code that documentation shows, all of it in one TypeScript program.
 *
 * A program of a README must be complete. An `@example` sees the public names of its package, then the variables of
 * `variables.ts`, then the public names of the other packages; its own parameters come before all of them. The example of
 * a function that is not public also sees what the files of its package export.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import {
  type Example,
  examplesOf,
  filesBelow,
  isImport,
  namesIn,
  programsOf,
  root,
  type Snippet,
} from './find.js'

export const variablesFile = join(root, 'tools/testkit/src/snippets/variables.ts')

/** From a name to the module that exports it: a specifier such as `@esc/dsp`, or the path of a file. */
export type Scope = ReadonlyMap<string, string>

export type ScopedExample = Example & { scope: Scope }

export interface Failure {
  file: string
  line: number
  message: string
}

export interface Snippets {
  programs: readonly Snippet[]
  examples: readonly ScopedExample[]
  /** The errors of TypeScript, at the lines of the files that show the code. */
  failures: readonly Failure[]
}

interface Package {
  name: string
  /** Entries such as `@esc/dsp`, each with its source. */
  entries: { specifier: string; path: string }[]
}

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ['@esc/source'],
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

function readPackage(name: string): Package {
  const folder = join(root, 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const targets = Object.entries<string | Record<string, string>>(manifest.exports)
  const entries = targets.flatMap(([key, target]) =>
    typeof target === 'object'
      ? [{ specifier: join(manifest.name, key), path: join(folder, target['@esc/source']!) }]
      : [],
  )
  return { name, entries }
}

/** The entries of a package in the order in which an example of this file looks for a name. */
function inOrderFor(file: string, { entries }: Package) {
  const own = /\/src\/(node|browser|tfjs)\//.exec(file)?.[1]
  const rank = (specifier: string) => {
    if (own && specifier.endsWith(`/${own}`)) return 0
    return specifier.endsWith('/browser') ? 3 : specifier.endsWith('/node') ? 2 : 1
  }
  return [...entries].sort((a, b) => rank(a.specifier) - rank(b.specifier))
}

/** A host that also knows files that are not on the disk, and parses each file of the disk once. */
function createHost(virtual: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions)
  const parsed = new Map<string, ts.SourceFile | undefined>()
  return {
    ...host,
    getCurrentDirectory: () => root,
    fileExists: (path) => virtual.has(path) || host.fileExists(path),
    readFile: (path) => virtual.get(path) ?? host.readFile(path),
    getSourceFile: (path, options) => {
      const text = virtual.get(path)
      if (text !== undefined) return ts.createSourceFile(path, text, options, true)
      const isOurs = !path.includes('node_modules')
      const { ParseAll, ParseNone } = ts.JSDocParsingMode
      const given = typeof options === 'object' ? options : { languageVersion: options }
      const parsing = { ...given, jsDocParsingMode: isOurs ? ParseAll : ParseNone }
      if (!parsed.has(path)) parsed.set(path, host.getSourceFile(path, parsing))
      return parsed.get(path)
    },
  }
}

/** Finds the names that an example may use. */
function createScopes(program: ts.Program, packages: readonly Package[], sources: readonly string[]) {
  const checker = program.getTypeChecker()
  const exported = new Map<string, ts.Symbol[]>()
  const exportsOf = (path: string) => {
    const source = program.getSourceFile(path)
    const symbol = source && checker.getSymbolAtLocation(source)
    const symbols = exported.get(path) ?? (symbol ? checker.getExportsOfModule(symbol) : [])
    exported.set(path, symbols)
    return symbols
  }
  const idOf = (symbol: ts.Symbol) => {
    const origin = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return `${origin.declarations?.[0]?.getSourceFile().fileName}#${symbol.name}`
  }
  const publicIds = new Set(
    packages.flatMap(({ entries }) => entries.flatMap(({ path }) => exportsOf(path).map(idOf))),
  )
  const variables = exportsOf(variablesFile)

  return ({ file, of, owner }: Example): Scope => {
    const scope = new Map<string, string>()
    const add = (symbols: readonly ts.Symbol[], from: string) => {
      for (const { name } of symbols) if (!scope.has(name)) scope.set(name, from)
    }
    const addPackage = (each: Package) => {
      for (const { path, specifier } of inOrderFor(file, each)) add(exportsOf(path), specifier)
    }
    const path = join(root, file)
    const isPublic = publicIds.has(`${path}#${of}`)
    add(
      exportsOf(path).filter((symbol) => !isPublic || publicIds.has(idOf(symbol))),
      path,
    )
    const own = packages.find(({ name }) => name === owner)!
    addPackage(own)
    const folder = join(root, 'packages', owner, 'src/')
    for (const other of isPublic ? [] : sources) if (other.startsWith(folder)) add(exportsOf(other), other)
    const special = variables.find(({ name }) => name === owner)
    if (special) add(checker.getExportsOfModule(special), `${variablesFile}#${owner}`)
    add(variables, variablesFile)
    for (const each of packages) if (each !== own) addPackage(each)
    return scope
  }
}

/** Imports and declarations of what an example uses, in one line, so that line numbers stay. */
function preludeOf({ lines, of, parameters, scope }: ScopedExample): string {
  const own = lines.filter(isImport)
  const imported = namesIn(own)
  const used = [...namesIn(lines)].filter((name) => !imported.has(name))
  const statements = own.map(({ text }) => text.trim())
  const importFrom = (from: string, name: string) =>
    statements.push(`import { ${name} } from '${from.replace(/\.ts$/, '.js')}'`)
  if (scope.has(of) && used.some((name) => parameters.includes(name)) && !used.includes(of)) used.push(of)
  for (const name of used) {
    const from = scope.get(name)
    const [file, namespace] = from?.split('#') ?? []
    if (parameters.includes(name) && scope.has(of)) {
      statements.push(`declare const ${name}: Parameters<typeof ${of}>[${parameters.indexOf(name)}]`)
    } else if (namespace) {
      statements.push(
        `declare const ${name}: typeof import('${file!.replace(/\.ts$/, '.js')}').${namespace}.${name}`,
      )
    } else if (from) importFrom(from, name)
  }
  return statements.join('; ')
}

/** The Markdown files of the root and of `docs`, and the READMEs of all packages, examples and tools. */
function findPages(): string[] {
  const readmes = ['packages', 'examples', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}/README.md`),
  )
  return [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...filesBelow('docs', '.md'),
    ...readmes.filter((path) => existsSync(join(root, path))),
  ]
}

/** Where a diagnostic stands in the file that shows the snippet. */
function failureOf(
  { messageText, start = 0 }: ts.Diagnostic,
  source: ts.SourceFile,
  snippet: Snippet,
): Failure {
  // The first line of the virtual file is the prelude.
  const index = source.getLineAndCharacterOfPosition(start).line - 1
  const { lines, file } = snippet
  const line = lines[Math.min(Math.max(index, 0), lines.length - 1)]!.number
  return { file, line, message: ts.flattenDiagnosticMessageText(messageText, ' ') }
}

/**
 * Finds and compiles all snippets.
 *
 * @param only - Folder names of packages, or `root`; all of them if it is empty.
 */
export function compileSnippets(only: readonly string[] = []): Snippets {
  const isWanted = ({ owner }: { owner: string }) => only.length === 0 || only.includes(owner)
  const packages = readdirSync(join(root, 'packages')).sort().map(readPackage)
  const sources = packages
    .flatMap(({ name }) => filesBelow(`packages/${name}/src`, '.ts'))
    .filter((path) => !/\.test\.ts$|\.as\.ts$|\.generated\./.test(path))
    .map((path) => join(root, path))
  const virtual = new Map<string, string>()
  const host = createHost(virtual)
  const rootNames = [...sources, variablesFile]
  const before = ts.createProgram({ rootNames, options: compilerOptions, host })

  const scopeOf = createScopes(before, packages, sources)
  const examples = sources
    .flatMap((path) => examplesOf(before.getSourceFile(path)!))
    .filter(isWanted)
    .map((example) => ({ ...example, scope: scopeOf(example) }))
  const programs = findPages().flatMap(programsOf).filter(isWanted)

  // Each snippet becomes a file beside the one that shows it.
  const shown = new Map<string, Snippet>()
  const place = (snippet: Snippet, texts: readonly string[]) => {
    const path = join(root, dirname(snippet.file), `__snippet_${shown.size}__.ts`)
    virtual.set(path, texts.join('\n'))
    shown.set(path, snippet)
  }
  for (const program of programs) place(program, ['export {}', ...program.lines.map(({ text }) => text)])
  for (const example of examples) {
    const body = example.lines.map((line) => (isImport(line) ? '' : line.text))
    place(example, [`${preludeOf(example)}; export async function* example() {`, ...body, '}'])
  }
  const options = compilerOptions
  const program = ts.createProgram({
    rootNames: [...rootNames, ...shown.keys()],
    options,
    host,
    oldProgram: before,
  })
  const failures = [...shown].flatMap(([path, snippet]) => {
    const source = program.getSourceFile(path)!
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map((diagnostic) => failureOf(diagnostic, source, snippet))
  })
  return { programs, examples, failures }
}
