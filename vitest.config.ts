import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Packages read each other's source, so a test never uses an old build.
const conditions = ['@esc/source', ...defaultServerConditions]

/**
 * Projects whose test files may share a process, one after the other: each file then starts in a fraction of the time. Their tests
 * change nothing that another file could notice. The others measure memory, start threads of ONNX Runtime, or stop processes.
 */
const sharing = ['core', 'dataset', 'dsp', 'golden', 'onnx']

const projects = ['packages', 'examples', 'tools'].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url)).map((name) => ({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      root: fileURLToPath(new URL(`${folder}/${name}`, import.meta.url)),
      include: ['src/**/*.test.ts'],
      environment: 'node',
      isolate: !sharing.includes(name),
      // So long that only a test that hangs reaches them, even on a busy machine.
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  })),
)

export default defineConfig({
  test: {
    projects,
    reporters: ['default', 'json'],
    // `tools/testkit/run-tests.mjs` counts the tests of `all.json`. A task of Nx leaves a report of its own, as nx.json says.
    outputFile: { json: `.test-results/${process.env.NX_TASK_TARGET_PROJECT ?? 'all'}.json` },
  },
})
