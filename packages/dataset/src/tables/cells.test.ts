import { posix, win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { relativePath, toId } from './cells.js'

const accepts = (schema: z.ZodMiniType, text: string) => z.safeParse(schema, text).success
// Strings of what makes paths dangerous, and of what does not.
const path = fc.string({ unit: fc.constantFrom('.', '..', '/', '\\', ':', 'C', 'a', ' ', '\0', '\n', 'ä') })

describe('relativePath', () => {
  test('never leads out of its folder, on any system', () => {
    fc.assert(
      fc.property(path, (text) => {
        fc.pre(accepts(relativePath, text))
        for (const { join, relative } of [posix, win32]) {
          expect(relative('/base', join('/base', text))).not.toMatch(/^$|^\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:/)
        }
        expect(toId(text)).not.toContain('/')
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    'a.wav',
    'dog/a.wav',
    'a b/ü/c.d.wav',
    'no-extension',
    'a..b',
    '2024-05-01T12:30:00.wav',
    'what?*.wav',
  ])('takes %j', (text) => {
    expect(accepts(relativePath, text)).toBe(true)
  })

  test.each([
    '',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    '/a',
    'a//b',
    'a/',
    './a',
    'a/.b',
    'a\\b',
    'C:a',
    'C:/a',
    'a\0',
    '//h/s',
  ])('refuses %j', (text) => {
    expect(accepts(relativePath, text)).toBe(false)
  })
})

describe('toId', () => {
  test.each([
    ['1-7-A-0.wav', '1-7-A-0'],
    ['dog/12.tar.gz', 'dog__12.tar'],
    ['v1.2/12', 'v1.2__12'],
    ['u\u0308.wav', '\u00fc'],
  ])('%s → %s', (filename, id) => expect(toId(filename)).toBe(id))
})
