import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

type Exports = Record<string, string | Record<string, string>>

// Run from a package's folder: what it builds is what its `exports` name as source, and the programs of its worker
// threads, which are started by their file's name.
const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Exports }

export default defineConfig({
  entry: [
    ...Object.values(entries).flatMap((entry) =>
      typeof entry === 'object' && entry['@esc/source'] ? [entry['@esc/source']] : [],
    ),
    'src/node/*-worker.ts',
  ],
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
