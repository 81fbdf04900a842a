/** Checks a value with a zod schema, and reports the first problems in one `EscError`. */
import { en } from 'zod/locales'
import * as z from 'zod/mini'
import { EscError } from '../error.js'
import { typeOf, wrongValue } from './wrong-value.js'

/**
 * Returns the value if it fits the schema.
 *
 * @param name - Name of the value, for the message.
 * @throws EscError INVALID_INPUT with the path of each problem, such as `recipe.stft.nFft: Invalid input: expected int, received
 *   string`. The message holds three of them, `detail.problems` all.
 */
export function parseWith<T>(schema: z.ZodMiniType<T>, value: unknown, name: string): T {
  const result = z.safeParse(schema, value, { error: en().localeError })
  if (result.success) return result.data
  if (typeOf(value) !== 'object')
    throw wrongValue(name, value, 'an object, as JSON.parse makes it', {
      advice: { numbers: 'parse the text of the file first' },
    })
  const problems = result.error.issues.map(
    (issue) => `${[name, ...issue.path.map(String)].join('.')}: ${issue.message}`,
  )
  const shown = problems.slice(0, 3).join('; ')
  const more = problems.length > 3 ? ` (and ${problems.length - 3} more)` : ''
  throw new EscError('INVALID_INPUT', shown + more, { detail: { problems }, cause: result.error })
}
