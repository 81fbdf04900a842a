/** The check that a number is in a range. */
import { wrongOption } from '@esc/core'

/**
 * @param isIn - Whether the number is right. NaN must not be.
 * @param must - What the value must be, for the message.
 * @throws EscError INVALID_OPTION if the value is no number, or not right.
 */
export function assertIn(name: string, value: number, isIn: (value: number) => boolean, must: string): void {
  if (!(typeof value === 'number' && isIn(value))) throw wrongOption(name, value, must)
}
