/**
 * `npm test`: runs the tests of all projects in one vitest, then names those that failed, with the first line of the reason, and prints
 * one line that counts them all: `N passed, M failed, K skipped`.
 *
 * `npm test -- -p dsp` runs one project, `-p dsp,core` two. Other arguments go to vitest: `npm test -- mel` runs the files with `mel` in
 * their path. One vitest starts once for all projects and shares their files out over all processors, so the longest project does not
 * run alone at the end.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
// Where vitest.config.ts puts the report of a run.
const reportPath = join(root, '.test-results', 'all.json')

/** The arguments for vitest: `-p @esc/dsp,core` becomes `--project=dsp --project=core`. */
function toVitest(argv) {
  const args = []
  for (let i = 0; i < argv.length; i++) {
    const [flag, joined] = argv[i].split('=', 2)
    if (!['-p', '--project', '--projects'].includes(flag)) args.push(argv[i])
    else for (const name of (joined ?? argv[++i] ?? '').split(',')) args.push(`--project=${projectOf(name)}`)
  }
  return args
}

/** Vitest names a project as its folder; the package of an example has a longer name. */
const projectOf = (name) => name.replace(/^@esc\/(example-)?/, '')

/** Sums of the report. A file that fails before its first test is one failure. */
function countReport({ numPassedTests, numPendingTests, numTodoTests, testResults }) {
  const failed = testResults.reduce((sum, { status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed').length
    return sum + (status === 'failed' ? Math.max(1, tests) : tests)
  }, 0)
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests }
}

/** A line for each failure that {@link countReport} counts: thousands of lines lie between the test's own message and the end. */
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

// The report of an earlier run must not be counted.
rmSync(reportPath, { force: true })
const require = createRequire(import.meta.url)
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
// By default vitest leaves one processor to itself, which does little.
const workers = `--maxWorkers=${availableParallelism()}`
const { status } = spawnSync(process.execPath, [vitest, 'run', workers, ...toVitest(process.argv.slice(2))], {
  cwd: root,
  stdio: 'inherit',
})

const report = existsSync(reportPath) ? JSON.parse(readFileSync(reportPath, 'utf8')) : null
const total = report === null ? { passed: 0, failed: 0, skipped: 0 } : countReport(report)
if (report !== null) for (const failure of listFailures(report)) console.error(`failed: ${failure}`)
if (status !== 0 && total.failed === 0)
  console.error(`vitest ended with ${status}, but its report names no failed test`)
if (total.passed + total.failed === 0) console.error('no test ran')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = status === 0 && total.failed === 0 && total.passed > 0 ? 0 : 1
