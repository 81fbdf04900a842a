import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-lock-'))
})
afterEach(() => rm(dir, { recursive: true }))

/** Takes the folder at a given moment and keeps it for two seconds. */
const program = `
const { lockFolder } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
while (Date.now() < Number(process.argv[2])) {}
try {
  const unlock = await lockFolder(process.argv[1])
  process.stdout.write('taken')
  setTimeout(unlock, 2000)
} catch (error) {
  process.stdout.write(error.code)
}`

it.each([
  ['a free folder', null],
  ['what a killed process left', '999999999 1'],
  ['a lock that was never written', ''],
])(
  'of three processes at one moment one gets %s',
  async (_, left) => {
    if (left !== null) await writeFile(join(dir, 'lock'), left)
    const moment = String(Date.now() + 4000)
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => {
        const argv = [
          '--conditions=@esc/source',
          '--import',
          'tsx',
          '--input-type=module',
          '-e',
          program,
          dir,
          moment,
        ]
        return text(spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout)
      }),
    )
    expect(outcomes.sort()).toEqual(['IO', 'IO', 'taken'])
  },
  60_000,
)
