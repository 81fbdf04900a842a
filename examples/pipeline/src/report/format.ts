/** Writes numbers for readers. A number that is not finite becomes a dash, so that no page ever shows a NaN. */

/** Stands in place of a missing number. */
export const missing = '–'

// Keeps a number and its unit on one line.
const space = '\u00a0'

/** A whole number with thousands separated. @example count(220500) // '220,500' */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US', { maximumFractionDigits: 0 }) : missing
}

/** A number of things, with the word in the form it needs. @example plural(1, 'clip') // '1 clip' */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)}${space}${value === 1 ? one : many}`
}

/** A share in [0, 1] as per cent with one decimal. @example percent(0.9375) // '93.8 %' */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)}${space}%` : missing
}

/** A number with a fixed number of decimals, and a true minus sign as in the plots. @example fixed(-20.94, 1) // '−20.9' */
export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits).replace('-', '−') : missing
}

/** A number with so many significant digits. @example significant(0.00001234, 2) // '1.2e-5' */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return missing
  const isTiny = value !== 0 && Math.abs(value) < 1e-3
  return isTiny ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)))
}

/** A file's size, 1 kB = 1000 bytes. @example bytes(184321) // '184 kB' */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return missing
  if (value < 1000) return `${count(value)}${space}B`
  return value < 999_500 ? `${significant(value / 1e3)}${space}kB` : `${significant(value / 1e6)}${space}MB`
}

/** Milliseconds with three significant digits. @example milliseconds(0.22149) // '0.221 ms' */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return missing
  return `${value < 999.5 ? value.toPrecision(3) : count(value)}${space}ms`
}

/** A time: seconds below a minute, minutes and seconds above. @example seconds(204.3) // '3 min 24 s' */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return missing
  if (value < 59.95) return `${value.toFixed(value < 9.995 ? 2 : 1)}${space}s`
  const whole = Math.round(value)
  return `${count(Math.floor(whole / 60))}${space}min ${whole % 60}${space}s`
}

/** A frequency. @example hertz(22050) // '22,050 Hz' */
export function hertz(value: number): string {
  return Number.isFinite(value) ? `${value.toLocaleString('en-US')}${space}Hz` : missing
}

/**
 * Wilson's 95 % score interval of a share of `n` independent trials. Unlike the normal interval it stays within [0, 1]
 * and holds for shares near 1.
 *
 * @param share - In [0, 1].
 * @param n - Trials, >= 1.
 * @see Wilson 1927; statsmodels 0.14 `proportion_confint(method='wilson')`.
 * @example wilson(0.8, 10) // [0.4902, 0.9433]
 */
export function wilson(share: number, n: number): [low: number, high: number] {
  const z = 1.959963984540054
  const scale = 1 + z ** 2 / n
  const centre = (share + z ** 2 / (2 * n)) / scale
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2))
  // Rounding may leave the edge by a hair, and -1e-17 would show as -0.0 %.
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

/** Shortens a text to `length` characters, with an ellipsis where it was cut. @example shorten('vacuum cleaner', 8) */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
