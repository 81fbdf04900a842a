/**
 * Checks the parameters of a case. A case with an unknown parameter is not run: the result would not be the
 * right one.
 */
import type { GoldenInput, ParamRules, Params, Rule } from './golden-function.js'
import type { Param } from './manifest.js'

export const stftParams = ['n_fft', 'hop_length', 'win_length', 'window', 'center', 'pad_mode'] as const
export const melParams = [...stftParams, 'n_mels', 'fmin', 'fmax', 'htk', 'norm', 'power'] as const
export const dbParams = ['ref', 'amin', 'top_db'] as const

/** Accepts only the values for which this library computes the same. @example only(null) */
export function only(...values: readonly Param[]): Rule {
  const texts = values.map((value) => JSON.stringify(value))
  return { allowed: texts.join(' or '), accepts: (value) => texts.includes(JSON.stringify(value)) }
}

/**
 * Accepts the sample rate of the input. The reference takes it as a parameter; here it is part of the clip.
 */
export const sameRate: Rule = {
  allowed: "the input's sample rate",
  accepts: (value, { sampleRate }) => value === sampleRate,
}

/**
 * Accepts the steps of a pipeline in their order. Each is a text or a pattern.
 *
 * @example stepsAre(/^trim\(top_db=\d+\)$/, 'normalize(inf)')
 */
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
 * Returns what is wrong with the parameters of a case, or `undefined` if they are right.
 *
 * @param name - Name of the function, for the message.
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
