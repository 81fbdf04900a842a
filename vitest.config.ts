import { readdirSync } from 'node:fs'
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
      root: `${folder}/${name}`,
      include: ['src/**/*.test.ts'],
      environment: 'node',
      testTimeout: 30_000,
    },
  })),
)

export default defineConfig({
  test: {
    projects,
    passWithNoTests: true,
    reporters: ['default', 'json'],
    outputFile: {
      json: `.test-results/${process.env.NX_TASK_TARGET_PROJECT?.replaceAll(/[@/]/g, '-') ?? 'all'}.json`,
    },
  },
})
