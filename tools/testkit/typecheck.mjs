/**
 * The second half of `npm run check`: finds the type errors of all packages. `npm run typecheck` in a package finds those of one.
 *
 * `tsc` checks every source that a program imports, so it would check core again for each package above it. Here the parts of
 * packages that have the same settings (portable, Node, page) are one program, and each file is checked once: in the first part of its
 * package that holds it. The portable part comes first, which allows neither Node nor the DOM.
 *
 * Arguments are folders of packages: `node tools/testkit/typecheck.mjs packages/dsp`. Without arguments it checks all packages.
 */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

// The workspace's own compiler: the root declares it for all packages.
const ts = createRequire(import.meta.url)('typescript')
const root = fileURLToPath(new URL('../..', import.meta.url))
/** Each thread reads the libraries' types again, so many threads would cost more than they save. */
const mostThreads = 4
/**
 * Packages whose portable part imports a library that brings Node's types along. In one program with others, these types would be
 * allowed in all of them. For dataset it is csv-parse.
 */
const apart = ['packages/dataset']

function allFolders() {
  return ['packages', 'examples', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
  )
}

/** The settings of a package's programs, the portable one first. */
function configsOf(folder) {
  const names = ['tsconfig.json', 'tsconfig.node.json', 'tsconfig.browser.json']
  return names.map((name) => join(folder, name)).filter((path) => existsSync(path))
}

const configHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic({ messageText }) {
    throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
  },
}

/** Source files by their path and by how they are parsed. */
const parsed = new Map()

/** A host whose files are parsed once for all programs. */
function createHost(options) {
  const host = ts.createCompilerHost(options)
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseForTypeErrors
  const parse = host.getSourceFile
  host.getSourceFile = (path, how, ...rest) => {
    const key = `${path} ${how.languageVersion} ${how.impliedNodeFormat} ${how.jsDocParsingMode}`
    if (!parsed.has(key)) parsed.set(key, parse(path, how, ...rest))
    return parsed.get(key)
  }
  return host
}

/**
 * The programs to check: `roots` are all files of a program, `own` those that it reports.
 *
 * @returns One program for each kind of settings, those with most files first.
 */
function planPrograms(folders) {
  const programs = new Map()
  for (const folder of folders) {
    const seen = new Set()
    for (const config of configsOf(folder)) {
      const { options, fileNames, errors } = ts.getParsedCommandLineOfConfigFile(config, {}, configHost)
      if (errors.length > 0) throw new Error(textOf(errors))
      const { lib, types, configFilePath: _, ...others } = options
      const alone = apart.includes(relative(root, folder)) && types.length === 0 ? folder : ''
      const key = JSON.stringify([lib, types, others, alone])
      if (!programs.has(key))
        programs.set(key, { options, isPure: types.length === 0 && !alone, roots: [], own: [] })
      const program = programs.get(key)
      program.roots.push(...fileNames)
      program.own.push(...fileNames.filter((path) => !seen.has(path)))
      for (const path of fileNames) seen.add(path)
    }
  }
  return [...programs.values()].sort((a, b) => b.roots.length - a.roots.length)
}

/** The errors of a program, as text; empty if there are none. */
function checkProgram({ options, isPure, roots, own }) {
  const program = ts.createProgram({ rootNames: roots, options, host: createHost(options) })
  const leak = isPure && program.getSourceFiles().find(({ fileName }) => fileName.includes('/@types/node/'))
  const text = textOf([
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((path) => {
      const file = program.getSourceFile(path)
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    }),
  ])
  const advice = "Node's types are known to portable code: name the package that imports them in `apart`"
  return leak ? `${text}${leak.fileName}: ${advice}\n` : text
}

function textOf(diagnostics) {
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (path) => path,
    getNewLine: () => '\n',
  })
}

/** Hands the programs out to threads, the next one to whichever is free. */
async function checkAll(programs) {
  const left = [...programs]
  const texts = []
  const count = Math.min(mostThreads, availableParallelism(), programs.length)
  const threads = Array.from(
    { length: count },
    () =>
      new Promise((done, fail) => {
        const thread = new Worker(new URL(import.meta.url))
        const next = () => {
          const program = left.shift()
          if (program === undefined) void thread.terminate().then(done)
          else thread.postMessage(program)
        }
        thread.on('error', fail)
        thread.on('message', (text) => {
          texts.push(text)
          next()
        })
        next()
      }),
  )
  await Promise.all(threads)
  return texts
}

if (isMainThread) {
  const given = process.argv.slice(2).map((folder) => resolve(folder))
  const folders = (given.length > 0 ? given : allFolders()).filter((folder) => configsOf(folder).length > 0)
  const started = performance.now()
  const programs = planPrograms(folders)
  const files = programs.reduce((sum, { own }) => sum + own.length, 0)
  const texts = (await checkAll(programs)).filter((text) => text !== '')
  process.stdout.write(texts.join(''))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const outcome = texts.length === 0 ? 'no error' : 'errors, see above'
  console.log(`Types of ${files} files in ${folders.length} packages: ${outcome}, ${seconds} s`)
  process.exitCode = texts.length === 0 && files > 0 ? 0 : 1
} else {
  parentPort.on('message', (program) => parentPort.postMessage(checkProgram(program)))
}
