/** The portable roots in a real page: bundled for the browser, run in Chromium, compared with Node. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { type PortableResults, usePortableRoots } from './portable.js'

const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const folderOfThis = dirname(fileURLToPath(import.meta.url))

test.skipIf(!existsSync(chromium))(`a page gives what Node gives (skipped without ${chromium})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esc-page-'))
  try {
    const { outputFiles } = await build({
      stdin: { contents: pageScript, resolveDir: folderOfThis, loader: 'ts' },
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      conditions: ['@esc/source'],
    })
    // `</script` inside the code would end the element.
    const code = outputFiles[0]!.text.replaceAll('</script', '<\\/script')
    const page = join(folder, 'page.html')
    writeFileSync(page, `<!doctype html><meta charset="utf-8"><pre>running</pre><script>${code}</script>`)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
    ]
    const { stdout, stderr } = spawnSync(
      chromium,
      [
        ...flags,
        `--user-data-dir=${join(folder, 'profile')}`,
        '--virtual-time-budget=60000',
        '--dump-dom',
        page,
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    )
    const text = /<pre>(.*?)<\/pre>/s.exec(stdout)?.[1]
    if (text === undefined) throw new Error(`no page came back: ${stderr}`)
    const there = JSON.parse(decodeURIComponent(text)) as PortableResults & { error?: string }
    if (there.error !== undefined) throw new Error(`the page failed: ${there.error}`)
    const here = JSON.parse(JSON.stringify(await usePortableRoots())) as PortableResults
    expect(there.exact).toEqual(here.exact)
    for (const [index, feature] of here.features.entries()) {
      expect(maxError(there.features[index]!, feature)).toBeLessThan(1e-3)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** Largest difference; features are of the order of 100. */
function maxError(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)), 0)
}

/** URI-encoded, so that the markup of the page changes no character of it. */
const pageScript = `
  import { usePortableRoots } from './portable.js'
  const show = (value: unknown) => { document.querySelector('pre')!.textContent = encodeURIComponent(JSON.stringify(value)) }
  usePortableRoots().then(show, (error) => show({ error: String(error.stack) }))
`
