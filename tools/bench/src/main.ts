/**
 * `npm run bench -- [suite] [network] [--json FILE]` prints a table for each suite: times of ours and a peer, or
 * accuracies. The suites `train` and `infer` run only the cases of the named networks, or all of them.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { accuracySuite, formatAccuracyRows } from './accuracy.js'
import { audioSuite } from './audio.js'
import { dspSuite } from './dsp.js'
import { featuresSuite } from './features.js'
import { inferSuite } from './infer.js'
import { formatNetworkRows, type NetworkRow } from './network-rows.js'
import { type NetworkName, networks } from './networks.js'
import { formatOperatorRows, operatorsSuite } from './operators.js'
import { type BenchRow, formatRows } from './rows.js'
import { splitsSuite } from './splits.js'
import { trainSuite } from './train.js'

const formatted = async (suite: () => Promise<BenchRow[]>) => {
  const rows = await suite()
  return { rows, table: formatRows(rows) }
}
type Suite = (chosen: readonly NetworkName[]) => Promise<{ rows: readonly object[]; table: string }>
const ofNetworks =
  (suite: (chosen: readonly NetworkName[]) => Promise<NetworkRow[]>): Suite =>
  async (chosen) => {
    const rows = await suite(chosen)
    return { rows, table: formatNetworkRows(rows) }
  }
const suites: Record<string, Suite> = {
  audio: () => formatted(audioSuite),
  dsp: () => formatted(dspSuite),
  features: () => formatted(featuresSuite),
  splits: () => formatted(splitsSuite),
  train: ofNetworks(trainSuite),
  infer: ofNetworks(inferSuite),
  operators: async () => {
    const rows = await operatorsSuite()
    return { rows, table: formatOperatorRows(rows) }
  },
  accuracy: async () => {
    const rows = await accuracySuite()
    return { rows, table: formatAccuracyRows(rows) }
  },
}
// Suites that run only if they are named. Accuracy takes one or two hours.
const unlessNamed = ['accuracy']

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const networkNames = Object.keys(networks) as NetworkName[]
const namedSuites = positionals.filter((name) => name in suites)
const namedNetworks = networkNames.filter((name) => positionals.includes(name))
const unknown = positionals.find((name) => !(name in suites) && !(name in networks))
if (unknown !== undefined) {
  const known = `there are the suites ${Object.keys(suites).join(', ')} and the networks ${networkNames.join(', ')}`
  process.stderr.write(`unknown suite or network ${unknown}; ${known}\n`)
  process.exit(2)
}
if (namedNetworks.length > 0 && namedSuites.length === 0) namedSuites.push('train', 'infer')
const defaults = Object.keys(suites).filter((name) => !unlessNamed.includes(name))
const results: Record<string, readonly object[]> = {}
for (const name of namedSuites.length > 0 ? namedSuites : defaults) {
  const { rows, table } = await suites[name]!(namedNetworks.length > 0 ? namedNetworks : networkNames)
  results[name] = rows
  process.stdout.write(`${name}\n${table}\n`)
}
if (values.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', values.json), `${JSON.stringify(results, null, 2)}\n`)
}
