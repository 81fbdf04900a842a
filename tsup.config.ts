import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { defineConfig } from 'tsup'

type Exports = Record<string, string | Record<string, string>>

// This runs in a package's folder. It builds the sources that the package's `exports` name, and the programs of its worker threads.
const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Exports }
const sources = Object.values(entries).flatMap((entry) =>
  typeof entry === 'object' && entry['@esc/source'] ? [entry['@esc/source']] : [],
)
// A worker's source lies beside the file that starts it, in a folder of src/node. That file becomes part of dist/node/index.js, so
// the worker is built into dist/node under its own name: there, too, the two lie side by side.
const workers = existsSync('src/node') ? readdirSync('src/node', { recursive: true, encoding: 'utf8' }) : []
const entry = Object.fromEntries([
  ...sources.map((path) => [path.replace(/^\.\/src\/|\.ts$/g, ''), path]),
  ...workers
    .filter((path) => path.endsWith('-worker.ts'))
    .map((path) => [`node/${basename(path, '.ts')}`, join('src/node', path)]),
])

export default defineConfig({
  entry,
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  // Node built-ins are external: only the `/node` entries may import them (the linter sees to it).
  external: [/^node:/],
  // One copy of a class shared by `.` and `./node`: without it `instanceof EscError` fails between entries.
  splitting: true,
  // `node:fs` stays `node:fs`.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  // A package may have an entry for pages.
  dts: {
    compilerOptions: {
      customConditions: [],
      lib: ['ES2023', 'DOM'],
      types: ['node'],
      ignoreDeprecations: '5.0',
    },
  },
})
