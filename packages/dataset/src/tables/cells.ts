/** The rules for cells of a data set's table. A table may be hostile: a file name could lead out of the folder. */
import * as z from 'zod/mini'
import { controlCharacterOf } from '../characters.js'

export const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,9}$/, { error: 'must be a whole number >= 0' })),
  z.transform(Number),
)

export const plainText = z
  .string()
  .check(
    z.refine((text) => textTrouble(text) === null, { error: ({ input }) => textTrouble(String(input))! }),
  )

function textTrouble(text: string): string | null {
  if (text.trim() === '') return 'must be text, and not empty'
  const character = controlCharacterOf(text)
  return character && `must be text without control characters; it has ${character}`
}

export const flag = z.pipe(
  z.string().check(z.regex(/^(true|false)$/i, { error: 'must be True or False' })),
  z.transform((text) => text.toLowerCase() === 'true'),
)

/** The name of a file in a folder that is known. */
export const bareFilename = pathCell((path) =>
  path.includes('/') ? "must be a bare file name, without a folder and '/'" : pathTrouble(path),
)

/** A path from a folder to a file in it or below: bare names with `/` between them. */
export const relativePath = pathCell(pathTrouble)

function pathCell(troubleOf: (path: string) => string | null) {
  return z
    .string()
    .check(z.refine((path) => troubleOf(path) === null, { error: ({ input }) => troubleOf(String(input))! }))
}

/** The reason why a path may lead out of its folder, on this or another system, or is no file name; `null` if it is good. */
function pathTrouble(path: string): string | null {
  if (path.trim() === '') return 'must be the name of a file, and not empty'
  const character = controlCharacterOf(path)
  if (character !== null) return `must be a path without control characters; it has ${character}`
  if (path.includes('\\')) return "must have '/' between folders, not '\\'"
  if (/^[A-Za-z]:/.test(path)) return 'must be a relative path, without a drive'
  const names = path.split('/')
  if (names[0] === '') return "must be a relative path; it begins with '/'"
  if (names.includes('')) return "must have a name before and after each '/'"
  if (names.includes('..')) return "must hold no folder '..'"
  if (names.some((name) => name.startsWith('.'))) return "must hold no name that begins with '.'"
  return null
}

/**
 * The id of a clip: the path of its file without the extension, with `__` for each `/`, since other files are named by ids. It is in
 * Unicode's composed form (NFC), so that a name has one id, whichever system wrote it.
 *
 * @example toId('dog/12.wav') // 'dog__12'
 */
export function toId(filename: string): string {
  return filename
    .normalize('NFC')
    .replace(/\.[^./]*$/, '')
    .replaceAll('/', '__')
}
