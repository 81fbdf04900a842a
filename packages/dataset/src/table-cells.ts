/** What cells of a data set's table may hold. Tables are hostile until checked: a file name could leave its folder. */
import * as z from 'zod/mini'

export const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,9}$/, { error: 'must be a whole number >= 0' })),
  z.transform(Number),
)

export const plainText = z
  .string()
  .check(z.regex(/^[^\p{Cc}]+$/u, { error: 'must be text without control characters, and not empty' }))

export const flag = z.pipe(
  z.string().check(z.regex(/^(true|false)$/i, { error: 'must be True or False' })),
  z.transform((text) => text.toLowerCase() === 'true'),
)

/** The name of a file in a folder that is known. */
export const bareFilename = z.string().check(
  z.regex(/^[^/\\:\p{Cc}]+$/u, {
    error: 'must be a bare file name: no folder, drive, path separator or control character',
  }),
  z.refine((name) => !/^\.|\.\./.test(name), { error: "must not start with '.' or hold '..'" }),
)

/** The way from a folder to a file in it or below: bare names with `/` between them. */
export const relativePath = z.string().check(
  z.regex(/^[^/\\:\p{Cc}]+(\/[^/\\:\p{Cc}]+)*$/u, {
    error: "must be a relative path with '/': not absolute, no drive, '\\', ':', '//' or control character",
  }),
  z.refine((path) => !/(^|\/)\.|\.\./.test(path), {
    error: "must hold no '..', and no name that starts with '.'",
  }),
)

/**
 * The id of a clip: the path of its file without the extension, on one level, since ids name files in other folders.
 *
 * @example toId('dog/12.wav') // 'dog__12'
 */
export function toId(filename: string): string {
  return filename.replace(/\.[^./]*$/, '').replaceAll('/', '__')
}
