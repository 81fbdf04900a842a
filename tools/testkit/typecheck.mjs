/**
 * The second half of `npm run check`: finds the type errors of all packages. `npm run typecheck` in a package finds those of one.
 *
 * `tsc` checks every source that a program imports, so it would check core again for each package above it. Here each file is checked
 * once, by the first program of its own package that holds it: the portable program comes first, which allows neither Node nor the DOM.
 * The programs of a thread share the files that they have read.
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
  const parse = host.getSourceFile
  host.getSourceFile = (path, how, ...rest) => {
    const key = `${path} ${how.languageVersion} ${how.impliedNodeFormat} ${how.jsDocParsingMode}`
    if (!parsed.has(key)) parsed.set(key, parse(path, how, ...rest))
    return parsed.get(key)
  }
  return host
}

/** The errors of a package, as text; empty if there are none. */
function checkFolder(folder) {
  const checked = new Set()
  const diagnostics = configsOf(folder).flatMap((config) => {
    const { options, fileNames, errors } = ts.getParsedCommandLineOfConfigFile(config, {}, configHost)
    const program = ts.createProgram({ rootNames: fileNames, options, host: createHost(options) })
    const own = fileNames.filter((path) => !checked.has(path))
    for (const path of own) checked.add(path)
    return [
      ...errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...own.flatMap((path) => {
        const file = program.getSourceFile(path)
        return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      }),
    ]
  })
  if (checked.size === 0) return `${relative(root, folder)}: no file was checked\n`
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (path) => path,
    getNewLine: () => '\n',
  })
}

/** Hands the folders out to threads, the next one to whichever is free. */
async function checkAll(folders) {
  const left = [...folders]
  const found = new Map()
  const count = Math.min(mostThreads, availableParallelism(), folders.length)
  const threads = Array.from(
    { length: count },
    () =>
      new Promise((done, fail) => {
        const thread = new Worker(new URL(import.meta.url))
        const next = () => {
          const folder = left.shift()
          if (folder === undefined) void thread.terminate().then(done)
          else thread.postMessage(folder)
        }
        thread.on('error', fail)
        thread.on('message', ({ folder, text }) => {
          found.set(folder, text)
          next()
        })
        next()
      }),
  )
  await Promise.all(threads)
  return folders.map((folder) => found.get(folder))
}

if (isMainThread) {
  const given = process.argv.slice(2).map((folder) => resolve(folder))
  const folders = (given.length > 0 ? given : allFolders()).filter((folder) => configsOf(folder).length > 0)
  const started = performance.now()
  const texts = await checkAll(folders)
  process.stdout.write(texts.join(''))
  const failed = texts.filter((text) => text !== '').length
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `Types of ${folders.length} packages: ${failed === 0 ? 'no error' : `errors in ${failed}`}, ${seconds} s`,
  )
  process.exitCode = failed === 0 && folders.length > 0 ? 0 : 1
} else {
  parentPort.on('message', (folder) => parentPort.postMessage({ folder, text: checkFolder(folder) }))
}
