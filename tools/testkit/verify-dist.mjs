/**
 * `npm run verify:dist`, after a build: packs every package, installs the tarballs into an empty folder, and uses them
 * from outside as a stranger would.
 *
 * For each package: `import` and `require` of every entry that is not the browser's, worker threads, publint, are-the-types-wrong, and
 * no import of a Node built-in anywhere behind a portable entry. Then the programs of `examples/quickstart`: on the synthetic set,
 * with `ESC10_DIR` on real recordings, and in a page through Vite (with Chromium). Names as arguments (`core dsp`) check only
 * these packages, what they depend on, and no programs.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Runs a command; throws what it printed if it fails. */
function run(cwd, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

const bin = (name) => join(root, 'node_modules/.bin', name)

/** The packages to check, with what they need from this workspace. */
function selectPackages(wanted) {
  const all = new Map()
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (!manifest.private) all.set(manifest.name, { folder, manifest })
  }
  const selected = new Map()
  const add = (name) => {
    if (selected.has(name)) return
    const found = all.get(name)
    if (!found) throw new Error(`no package ${name} in packages/`)
    if (!existsSync(join(found.folder, 'dist')))
      throw new Error(`${name} has no dist: run "npm run build" first`)
    selected.set(name, found)
    for (const dependency of Object.keys(found.manifest.dependencies ?? {})) {
      if (all.has(dependency)) add(dependency)
    }
  }
  for (const name of wanted.length > 0 ? wanted.map((short) => `@esc/${short}`) : all.keys()) add(name)
  return [...selected.values()]
}

function pack({ folder, manifest }, destination) {
  const [{ filename }] = JSON.parse(run(folder, 'npm', 'pack', '--json', '--pack-destination', destination))
  return { folder, manifest, tarball: join(destination, filename) }
}

/** Installs all tarballs at once; optional peers are linked from here, since they are large and not ours. */
function install(packed, folder) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const tarballs = packed.map(({ tarball }) => tarball)
  run(
    folder,
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    ...tarballs,
  )
  for (const peer of packed.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}))) {
    const target = join(folder, 'node_modules', peer)
    if (existsSync(target)) continue
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(join(root, 'node_modules', peer), target)
  }
}

/** `@esc/dsp`, `@esc/dsp/node`: every entry that holds code. */
function entriesOf({ name, exports }) {
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([key, target]) => ({ key, specifier: join(name, key), file: target.default }))
}

/** Imports and requires an entry in a process of its own; both must see the same names, and at least one. */
function useEntry({ specifier }, folder) {
  const script = `
    import { createRequire } from 'node:module'
    const imported = Object.keys(await import('${specifier}')).sort()
    const required = Object.keys(createRequire(import.meta.url)('${specifier}')).sort()
    if (imported.length === 0) throw new Error('exports nothing')
    if (String(imported) !== String(required.filter((key) => key !== '__esModule'))) {
      throw new Error('import sees ' + imported + ', require ' + required)
    }`
  run(folder, process.execPath, '--input-type=module', '-e', script)
}

/** What shows in an installed package alone: that its worker threads find their programs. */
const programs = {
  '@esc/model': `
    import { featureSet } from '@esc/core'
    import { fit } from '@esc/model/node'
    import { audioCnn } from '@esc/model'
    const examples = Array.from({ length: 6 }, (_, i) => ({
      id: 'clip' + i, labelIndex: i % 2,
      features: { bins: 4, frames: 8, data: Float32Array.from({ length: 32 }, (_, k) => (k + i) % 5) },
    }))
    const set = featureSet(examples, { labels: ['even', 'odd'] })
    for (const workers of [0, 1, 2]) {
      const { history } = await fit(audioCnn, set, { train: [0, 1, 2, 3, 4, 5] }, { epochs: 1, workers })
      if (!(history[0].trainLoss > 0)) throw new Error('no loss with ' + workers + ' workers')
    }`,
}

/** Follows every static import behind a portable entry, as a bundler for the browser would. */
function assertPortable({ name }, { specifier, file }, folder) {
  const metafile = join(folder, 'meta.json')
  const options = ['--bundle', '--format=esm', '--packages=external', '--log-level=error']
  const output = [`--metafile=${metafile}`, `--outdir=${join(folder, 'bundled')}`]
  run(folder, bin('esbuild'), join('node_modules', name, file), ...options, ...output)
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'))
  const isBuiltin = (path) => path.startsWith('node:') || builtinModules.includes(path)
  const imports = Object.values(inputs).flatMap((input) => input.imports)
  const node = imports.filter(({ path, kind }) => kind !== 'dynamic-import' && isBuiltin(path))
  if (node.length > 0) throw new Error(`${specifier} is portable but imports ${node.map(({ path }) => path)}`)
}

function check({ folder: source, manifest, tarball }, folder) {
  const isPortable = ({ key }) => !key.startsWith('./node') && !key.startsWith('./browser')
  for (const entry of entriesOf(manifest)) {
    if (!entry.key.startsWith('./browser')) useEntry(entry, folder)
    if (isPortable(entry)) assertPortable(manifest, entry, folder)
  }
  const program = programs[manifest.name]
  if (program) run(folder, process.execPath, '--input-type=module', '-e', program)
  run(source, bin('publint'), 'run', '--strict', '.')
  run(source, bin('attw'), tarball, '--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm')
}

const quickstart = join(root, 'examples/quickstart/src')

/** Copies a program without its types, of which it has none to take out. */
function copyProgram(name, folder, as = name.replace(/\.ts$/, '.mjs')) {
  copyFileSync(join(quickstart, name), join(folder, as))
  return as
}

/** The two programs in a folder with recordings: a classifier is trained and asked; its test accuracy is at `least` that. */
function useRoad(folder, { dataDir, dogFile, least }) {
  symlinkSync(dataDir, join(folder, 'ESC-50'))
  copyFileSync(dogFile, join(folder, 'dog.ogg'))
  const output = run(folder, process.execPath, copyProgram('train.ts', folder))
  const accuracy = /^test accuracy (\S+)$/m.exec(output)?.[1]
  if (!(Number(accuracy) >= least))
    throw new Error(`training came to a test accuracy of ${accuracy}\n${output}`)
  const answers = run(folder, process.execPath, copyProgram('classify.ts', folder))
  if (answers.match(/label: '\w+', score: [\d.e-]+/g)?.length !== 3) throw new Error(`answers are ${answers}`)
  return `test accuracy ${accuracy}, dog.ogg is ${/label: '(\w+)'/.exec(answers)[1]}`
}

/** Recordings of the kind that the programs are run on, or why there are none. */
const recordings = {
  'synthetic recordings': (folder) => {
    const script = `
      import { openDataset, writeSyntheticEsc10 } from '@esc/dataset/node'
      await writeSyntheticEsc10('recordings', { clipsPerClass: 10, durationSec: 2 })
      const { dataset, pathOf } = await openDataset('recordings')
      console.log(pathOf(dataset.records.find(({ label }) => label === 'dog')))`
    const dog = run(folder, process.execPath, '--input-type=module', '-e', script).trim()
    // Six clips a class teach little: whether it runs is what counts.
    return { dataDir: join(folder, 'recordings'), dogFile: dog, least: 0 }
  },
  'real recordings': () => {
    const dataDir = process.env.ESC10_DIR
    if (dataDir === undefined) return null
    const dog = readdirSync(join(dataDir, 'audio')).find((name) => /-0\.\w+$/.test(name))
    return { dataDir, dogFile: join(dataDir, 'audio', dog), least: 0.3 }
  },
}

/** The program of a page, built by Vite from the installed packages and opened in Chromium. */
async function usePage(folder) {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) return `skipped without ${executablePath}`
  copyProgram('page.ts', folder, 'page.ts')
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><body><script type="module" src="page.ts"></script>',
  )
  const { build, preview } = await import('vite')
  await build({ root: folder, configFile: false, logLevel: 'error', build: { outDir: 'page' } })
  const server = await preview({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: { outDir: 'page' },
    preview: { host: '127.0.0.1', port: 0 },
  })
  const { chromium } = await import('playwright')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const tab = await browser.newPage()
    const errors = []
    tab.on('pageerror', (error) => errors.push(error.message))
    await tab.goto(server.resolvedUrls.local[0])
    await tab
      .waitForFunction(() => document.body.innerText.includes('score'), null, { timeout: 240_000 })
      .catch((error) => {
        throw new Error(`the page shows no answer: ${errors.join('; ') || error.message}`)
      })
    const answers = JSON.parse(await tab.innerText('body'))
    if (answers.length !== 3) throw new Error(`the page answers ${JSON.stringify(answers)}`)
    return `the first clip is ${answers[0].label}`
  } finally {
    await browser.close()
    await server.close()
  }
}

async function checkPrograms(folder) {
  const found = []
  for (const [name, find] of Object.entries(recordings)) {
    // A folder in the one with the packages finds them, and nothing else.
    const place = join(folder, name.replace(' ', '-'))
    mkdirSync(place)
    const given = find(place)
    found.push(`${name}: ${given ? useRoad(place, given) : 'skipped without ESC10_DIR'}`)
  }
  const place = join(folder, 'page')
  mkdirSync(place)
  found.push(`page: ${await usePage(place)}`)
  return found.join('\n  ')
}

const scratch = mkdtempSync(join(tmpdir(), 'verify-dist-'))
try {
  const wanted = process.argv.slice(2)
  const packed = selectPackages(wanted).map((each) => pack(each, scratch))
  const folder = join(scratch, 'empty')
  install(packed, folder)
  let failed = 0
  for (const each of packed) {
    const { name } = each.manifest
    try {
      check(each, folder)
      console.log(`${name}: ok`)
    } catch (error) {
      failed++
      console.log(`${name}: FAILED\n${error.message}`)
    }
  }
  if (wanted.length === 0 && failed === 0) {
    try {
      console.log(`programs: ok\n  ${await checkPrograms(folder)}`)
    } catch (error) {
      failed++
      console.log(`programs: FAILED\n${error.message}`)
    }
  }
  console.log(`${packed.length} packages, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
