import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Packages read each other's source, so a test never sees a stale build.
const conditions = ['@esc/source', ...defaultServerConditions]

const projects = ['packages', 'examples', 'tools'].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url)).map((name) => ({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      root: fileURLToPath(new URL(`${folder}/${name}`, import.meta.url)),
      include: ['src/**/*.test.ts'],
      environment: 'node',
      // Only what hangs shall run into these, however busy the machine is.
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  })),
)

export default defineConfig({
  test: {
    projects,
    reporters: ['default', 'json'],
    // `tools/testkit/run-tests.mjs` adds these up; nx.json declares them as what a test run leaves.
    outputFile: { json: `.test-results/${process.env.NX_TASK_TARGET_PROJECT ?? 'all'}.json` },
  },
})
