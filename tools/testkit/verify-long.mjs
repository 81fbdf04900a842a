/**
 * `npm run verify:long`: runs every test file that has a long form, with `VERIFY_LONG=1`: many random cuts of runs, and many mutants of
 * sounds and of models. `npm test` runs the short forms, with a few of each.
 *
 * Arguments go to vitest: `npm run verify:long -- --project pipeline`. It prints what the tests print, then a line for each file with
 * its counts and its time. It ends with 1 if a test failed, or none ran.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
/** Time limit of one test in its long form. */
const timeoutMs = 2 * 3600 * 1000

/** Test files that read the variable. */
function findLongTests() {
  return ['packages', 'examples', 'tools']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name, 'src')))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes('VERIFY_LONG'))
}

const files = findLongTests()
console.log(`tests with a long form:\n${files.map((file) => `  ${relative(root, file)}`).join('\n')}`)
const scratch = mkdtempSync(join(tmpdir(), 'verify-long-'))
const report = join(scratch, 'report.json')
const require = createRequire(import.meta.url)
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
const { status } = spawnSync(
  process.execPath,
  [
    ...[vitest, 'run', ...files, `--testTimeout=${timeoutMs}`, '--disable-console-intercept'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, VERIFY_LONG: '1' } },
)

const total = { passed: 0, failed: 0, skipped: 0 }
const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : []
rmSync(scratch, { recursive: true })
for (const { name, status: fileStatus, assertionResults, startTime, endTime } of results) {
  const count = (...wanted) => assertionResults.filter((test) => wanted.includes(test.status)).length
  const passed = count('passed')
  // A file that fails before its first test is one failure.
  const failed = Math.max(count('failed'), fileStatus === 'failed' ? 1 : 0)
  const skipped = assertionResults.length - passed - count('failed')
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  const seconds = ((endTime - startTime) / 1000).toFixed(0)
  console.log(`${relative(root, name)}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`)
}
if (total.passed + total.failed === 0) console.error('no test ran')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = status === 0 && total.failed === 0 && total.passed > 0 ? 0 : 1
