/**
 * `npm run bench`: bundles the benches and the packages' source as tsup would build them, and runs that. A loader that
 * compiles on the fly adds a helper call to each function, which costs hot loops up to a third.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
const outfile = `${folder}dist/main.mjs`
await build({
  entryPoints: [`${folder}src/main.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2023',
  conditions: ['@esc/source'],
  plugins: [
    {
      name: 'only ours',
      setup({ onResolve }) {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith('@esc/') ? null : { external: true },
        )
      },
    },
  ],
})
await import(outfile)
