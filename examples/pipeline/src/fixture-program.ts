/** The command as a program that starts quickly, for tests that start it many times. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Leaves packages of others where they are, by their absolute paths: the bundle lies in a folder without `node_modules`. */
const packagesOfOthers: Plugin = {
  name: 'packages of others',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (path.startsWith('@esc/') || path.startsWith('node:') || pluginData === 'asked') return null
      const found = await context.resolve(path, { kind, resolveDir, pluginData: 'asked' })
      return found.external ? found : { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/**
 * Bundles the pipeline and its worker threads, a file each. They start several times faster than the source does.
 *
 * @param dir - A new folder for the bundle.
 * @returns The program's file.
 */
export async function bundlePipeline(dir: string): Promise<string> {
  await build({
    entryPoints: {
      main: source('main.ts'),
      'feature-worker': source('../../../packages/dataset/src/node/feature-worker.ts'),
      'engine-worker': source('../../../packages/model/src/node/engine-worker.ts'),
    },
    outdir: dir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@esc/source'],
    plugins: [packagesOfOthers],
  })
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }')
  return join(dir, 'main.js')
}
