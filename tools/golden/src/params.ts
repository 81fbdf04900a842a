/** Which parameters a golden function takes. A case with another one is not run: what it asks for would not be computed. */
import type { GoldenInput } from './convert.js'
import type { Param } from './manifest.js'

/** A case's keyword arguments, as Python names them. */
export type Params = Readonly<Record<string, Param>>

/** What a parameter may be that has no option here, or not for every value. */
export interface Rule {
  /** For the message. */
  allowed: string
  accepts(value: Param, input: GoldenInput, params: Params): boolean
}

/** The parameters of a golden function. */
export interface ParamRules {
  /** Names of those that this library takes with any value. */
  takes: readonly string[]
  /** The others, by name. */
  rules?: Readonly<Record<string, Rule>>
}

export const stftParams = ['n_fft', 'hop_length', 'win_length', 'window', 'center', 'pad_mode'] as const
export const melParams = [...stftParams, 'n_mels', 'fmin', 'fmax', 'htk', 'norm', 'power'] as const
export const dbParams = ['ref', 'amin', 'top_db'] as const

/** The only values for which this library computes the same. @example only(null) */
export function only(...values: readonly Param[]): Rule {
  const texts = values.map((value) => JSON.stringify(value))
  return { allowed: texts.join(' or '), accepts: (value) => texts.includes(JSON.stringify(value)) }
}

/** The reference is told the sample rate; this library knows it of the clip. */
export const sameRate: Rule = {
  allowed: "the input's sample rate",
  accepts: (value, { sampleRate }) => value === sampleRate,
}

/** Steps of a pipeline in their order, each a text or a pattern. @example stepsAre(/^trim\(top_db=\d+\)$/, 'normalize(inf)') */
export function stepsAre(...steps: readonly (string | RegExp)[]): Rule {
  const isStep = (text: unknown, i: number) => {
    const step = steps[i]
    return step instanceof RegExp ? step.test(String(text)) : step === text
  }
  return {
    allowed: steps.join(', '),
    accepts: (value) => Array.isArray(value) && value.length === steps.length && value.every(isStep),
  }
}

/**
 * What is wrong with the parameters of a case; `undefined` if nothing is.
 *
 * @param name - The function's, for the message.
 * @example judgeParams('librosa.stft', { takes: ['n_fft'] }, input, { n_ftt: 512 }) // "librosa.stft has no parameter 'n_ftt' …"
 */
export function judgeParams(
  name: string,
  { takes, rules = {} }: ParamRules,
  input: GoldenInput,
  params: Params,
): string | undefined {
  for (const [param, value] of Object.entries(params)) {
    const rule = Object.hasOwn(rules, param) ? rules[param] : undefined
    if (rule === undefined && !takes.includes(param)) {
      const known = [...takes, ...Object.keys(rules)].join(', ')
      return `${name} has no parameter '${param}' here; it has ${known}`
    }
    if (rule !== undefined && !rule.accepts(value, input, params)) {
      return `${name} has parameter ${param}=${JSON.stringify(value)}, here it must be ${rule.allowed}`
    }
  }
  return undefined
}
