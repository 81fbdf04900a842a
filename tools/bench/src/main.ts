/**
 * `npm run bench -- [suite] [--json FILE]` prints a table for each suite: times of ours and a peer, or
 * accuracies.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { accuracySuite, formatAccuracyRows } from './accuracy.js'
import { audioSuite } from './audio.js'
import { dspSuite } from './dsp.js'
import { featuresSuite } from './features.js'
import { type BenchRow, formatRows } from './rows.js'
import { splitsSuite } from './splits.js'
import { trainSuite } from './train.js'
import { formatTrainRows } from './train-rows.js'

const formatted = async (suite: () => Promise<BenchRow[]>) => {
  const rows = await suite()
  return { rows, table: formatRows(rows) }
}
const suites: Record<string, () => Promise<{ rows: readonly object[]; table: string }>> = {
  audio: () => formatted(audioSuite),
  dsp: () => formatted(dspSuite),
  features: () => formatted(featuresSuite),
  splits: () => formatted(splitsSuite),
  train: async () => {
    const rows = await trainSuite()
    return { rows, table: formatTrainRows(rows) }
  },
  accuracy: async () => {
    const rows = await accuracySuite()
    return { rows, table: formatAccuracyRows(rows) }
  },
}
// Suites that run only if they are named. Accuracy takes one or two hours.
const unlessNamed = ['accuracy']

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const unknown = positionals.find((name) => !(name in suites))
if (unknown !== undefined) {
  process.stderr.write(`unknown suite ${unknown}; there are ${Object.keys(suites).join(', ')}\n`)
  process.exit(2)
}
const defaults = Object.keys(suites).filter((name) => !unlessNamed.includes(name))
const results: Record<string, readonly object[]> = {}
for (const name of positionals.length > 0 ? positionals : defaults) {
  const { rows, table } = await suites[name]!()
  results[name] = rows
  process.stdout.write(`${name}\n${table}\n`)
}
if (values.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', values.json), `${JSON.stringify(results, null, 2)}\n`)
}
