/** Downloads ESC-50 with a `fetch` that the tests replace. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ESC50_LICENSE } from '@esc/dataset/node'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createStageConsole } from '../console.js'
import { parseOptions } from '../options.js'
import { fetchSource } from './source.js'

let cwd: string
let output: string

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'esc-source-'))
  output = ''
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await rm(cwd, { recursive: true })
})

const fetchInto = (signal: AbortSignal) =>
  fetchSource({
    options: parseOptions(['--download'], cwd),
    console: createStageConsole({
      write: (text) => {
        output += text
      },
    }),
    signal,
    cwd,
  })

test('shows the licence before it asks GitHub, and says what went wrong', async () => {
  const ask = vi.fn(async () => {
    expect(output).toContain(ESC50_LICENSE)
    return new Response('gone', { status: 404 })
  })
  vi.stubGlobal('fetch', ask)
  await expect(fetchInto(new AbortController().signal)).rejects.toThrow(
    throwsCode('IO', /^https:\/\/github\.com\/karolpiczak\/ESC-50\/archive\/.*: HTTP status 404/),
  )
  expect(ask).toHaveBeenCalledOnce()
})

test('an abort ends it with its reason, and leaves nothing', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  vi.stubGlobal('fetch', async () => {
    stop.abort(reason)
    throw reason
  })
  await expect(fetchInto(stop.signal)).rejects.toBe(reason)
  expect(await readdir(join(cwd, 'data'))).toEqual([])
})

test('a whole ESC-50 is taken as it is: no licence, no request', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `1-${i}-A-${i % 50}.wav`)
  const rows = names.map((name, i) => `${name},1,${i % 50},class ${i % 50},False,${i},A`)
  const dir = join(cwd, 'data', 'ESC-50')
  for (const folder of ['audio', 'meta']) await mkdir(join(dir, folder), { recursive: true })
  const table = ['filename,fold,target,category,esc10,src_file,take', ...rows].join('\n')
  await writeFile(join(dir, 'meta', 'esc50.csv'), table)
  await Promise.all(names.map((name) => writeFile(join(dir, 'audio', name), '')))
  const ask = vi.fn()
  vi.stubGlobal('fetch', ask)
  await fetchInto(new AbortController().signal)
  expect(ask).not.toHaveBeenCalled()
  expect(output).toMatch(/^✔ download ESC-50 .*ESC-50\n$/)
})
