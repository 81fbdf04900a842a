/** The words of real errors of `@esc/dataset`, as somebody at the command line reads them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EscError } from '@esc/core'
import { openDataset } from '@esc/dataset/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { messageInFlags } from './flag-words.js'

let work = ''
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-flags-'))
})
afterEach(() => rm(work, { recursive: true }))

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(work, path)), { recursive: true })
    await writeFile(join(work, path), '')
  }
}

async function messageOf(options: Parameters<typeof openDataset>[1] = {}): Promise<string> {
  const error: unknown = await openDataset(work, options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(EscError)
  return messageInFlags(error as EscError, [])
}

test('a part that the data set does not have', async () => {
  await put('low/1.wav', 'high/1.wav')
  const message = await messageOf({ subset: 'esc10' })
  expect(message).toMatch(/^--subset esc10 /)
  expect(message).not.toContain('subset=')
})

test('sounds in deeper folders', async () => {
  await put('low/a/1.wav', 'high/a/1.wav')
  const message = await messageOf()
  expect(message).toContain('--nested')
  expect(message).not.toMatch(/(?<!-)\bnested\b|openCsvDataset/)
  expect(message.match(/--nested/g)).toHaveLength(1)
})

test('one sound in a deeper folder', async () => {
  await put('low/1.wav', 'high/1.wav', 'low/a/2.wav')
  const message = await messageOf()
  expect(message).toMatch(/--nested.*\(--skip-bad\)$/)
  expect(message).not.toMatch(/(?<!-)\bnested\b/)
})

test('two tables', async () => {
  await put('meta/a.csv', 'meta/b.csv', 'audio/1.wav')
  const message = await messageOf()
  expect(message).toMatch(/keep one of them$/)
  expect(message).not.toContain('openCsvDataset')
})

test('a damaged clip can be skipped, or read as far as it goes', () => {
  const error = new EscError('CORRUPT_DATA', '1.wav: it was cut short', { detail: { skippable: true } })
  expect(messageInFlags(error, [])).toBe('1.wav: it was cut short (--tolerant, --skip-bad)')
  expect(messageInFlags(error, ['--tolerant'])).toBe('1.wav: it was cut short (--skip-bad)')
})
