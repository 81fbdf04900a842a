/** `npm run golden -- --dir DIR`. Exit code: 0 if every case passes, 1 if one fails, 2 for wrong use. */
import { parseArgs } from 'node:util'
import { formatReport, runGolden } from './run-golden.js'

async function main(): Promise<number> {
  const { dir } = parseArgs({ options: { dir: { type: 'string' } } }).values
  if (dir === undefined) {
    console.error('usage: npm run golden -- --dir DIR   (a folder with manifest.json)')
    return 2
  }
  const report = await runGolden(dir)
  console.log(formatReport(report).join('\n'))
  return report.failures.length > 0 ? 1 : 0
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  },
)
