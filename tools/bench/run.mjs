/**
 * `npm run bench` bundles the benches and the packages' source as tsup builds them, and runs the bundle. A loader that
 * compiles while it runs adds a helper call to each function, which slows hot loops by up to a third.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
await build({
  entryPoints: {
    main: `${folder}src/main.ts`,
    // A worker thread starts from a file beside the file that starts it.
    'feature-worker': `${folder}../../packages/dataset/src/node/store/feature-worker.ts`,
    'engine-worker': `${folder}../../packages/model/src/node/engine-worker.ts`,
    'draw-worker': `${folder}../../packages/dataset/src/node/augmented/draw-worker.ts`,
    'augmented-process': `${folder}src/augmented-process.ts`,
    'feature-process': `${folder}src/feature-process.ts`,
    'infer-process': `${folder}src/infer-process.ts`,
    'train-process': `${folder}src/train-process.ts`,
  },
  outdir: `${folder}dist`,
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
await import('./dist/main.js')
