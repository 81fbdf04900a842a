/**
 * `npm test`: runs every project's tests through Nx, then names those that failed, with the first line of the reason, and
 * prints one line that counts them all: `N passed, M failed, K skipped`.
 *
 * Arguments go to Nx: `npm test -- --skip-nx-cache`, `npm test -- -p @esc/dsp`. Each task leaves vitest's JSON report
 * in `.test-results/<project>.json`; it is the task's output, so Nx brings it back when it takes a task from its cache.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const results = join(root, '.test-results')

/** Names of the workspace's projects that have tests. */
function testedProjects() {
  const folders = ['packages', 'examples', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
  )
  return folders
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .filter(({ scripts }) => scripts?.test)
    .map(({ name }) => name)
}

/** Sums of one vitest report. A file that fails before its first test is one failure. */
function countReport({ numPassedTests, numPendingTests, numTodoTests, testResults }) {
  const failed = testResults.reduce((sum, { status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed').length
    return sum + (status === 'failed' ? Math.max(1, tests) : tests)
  }, 0)
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests }
}

/** A line for each failure that {@link countReport} counts: thousands of lines lie between the test's own and the end. */
function listFailures({ testResults }) {
  return testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (status === 'failed' && failed.length === 0) return [`${relative(root, file)}: ${firstLine(message)}`]
    return failed.map(
      ({ fullName, failureMessages }) =>
        `${relative(root, file)} > ${fullName}: ${firstLine(failureMessages[0])}`,
    )
  })
}

const firstLine = (text) => stripVTControlCharacters(text ?? '').split('\n', 1)[0]

const projects = testedProjects()
const reportOf = (project) => join(results, `${project}.json`)
// A report left by an earlier run must not be counted; the daemon could think it still in place and not restore it.
for (const project of projects) rmSync(reportOf(project), { force: true })

const inCi = process.env.CI === 'true' ? ['--skip-nx-cache', '--output-style=static'] : []
const nx = createRequire(import.meta.url).resolve('nx/bin/nx.js')
const { status } = spawnSync(
  process.execPath,
  [nx, 'run-many', '-t', 'test', ...inCi, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false' } },
)

const total = { passed: 0, failed: 0, skipped: 0 }
for (const project of projects.filter((name) => existsSync(reportOf(name)))) {
  const report = JSON.parse(readFileSync(reportOf(project), 'utf8'))
  for (const failure of listFailures(report)) console.error(`failed: ${failure}`)
  const counts = countReport(report)
  for (const key of Object.keys(total)) total[key] += counts[key]
}

const ok = status === 0 && total.failed === 0
if (status !== 0 && total.failed === 0)
  console.error(`nx ended with ${status}, though no report names a failed test`)
if (total.passed + total.failed === 0) console.error('no test ran')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = ok && total.passed > 0 ? 0 : 1
