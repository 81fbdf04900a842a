/** `npm run bench -- [suite] [--json FILE]`: one table per suite, ours and a peer's times measured in turns. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { audioSuite } from './audio.js'
import { dspSuite } from './dsp.js'
import { featuresSuite } from './features.js'
import { type BenchRow, formatRows } from './rows.js'
import { splitsSuite } from './splits.js'
import { trainSuite } from './train.js'

const suites: Record<string, () => Promise<BenchRow[]>> = {
  audio: audioSuite,
  dsp: dspSuite,
  features: featuresSuite,
  splits: splitsSuite,
  train: trainSuite,
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const unknown = positionals.find((name) => !(name in suites))
if (unknown !== undefined) {
  process.stderr.write(`unknown suite ${unknown}; there are ${Object.keys(suites).join(', ')}\n`)
  process.exit(2)
}
const results: Record<string, BenchRow[]> = {}
for (const name of positionals.length > 0 ? positionals : Object.keys(suites)) {
  const rows = await suites[name]!()
  results[name] = rows
  process.stdout.write(`${name}\n${formatRows(rows)}\n`)
}
if (values.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', values.json), `${JSON.stringify(results, null, 2)}\n`)
}
