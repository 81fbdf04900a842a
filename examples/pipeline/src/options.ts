/** The command line: what can be asked for, and what was. */
import { basename, resolve } from 'node:path'
import { EscError } from '@esc/core'
import type { ArgsDef, CommandDef } from 'citty'

const choices = {
  subset: ['esc10', 'esc50'],
  model: ['audio-cnn', 'mel-cnn'],
  split: ['folds', 'stratified', 'stratified-group'],
} as const

/** What a run is asked to do. */
export interface RunOptions {
  /** Absolute path of a data set that `openDataset` knows; `null` takes the synthetic one. */
  data: string | null
  /** Fetch ESC-50 into `data` first, unless it is there. */
  download: boolean
  /** `null` takes ESC-10's classes of ESC-50, and all of any other data set. */
  subset: (typeof choices.subset)[number] | null
  model: (typeof choices.model)[number]
  split: (typeof choices.split)[number]
  /** `null` unless the split is by folds. */
  testFold: number | null
  /** `null` takes the fold after the test fold. */
  validationFold: number | null
  epochs: number
  seed: number
  /** Absolute path of the output folder. */
  out: string
  dryRun: boolean
  skipBad: boolean
  saveAudio: boolean
  /** Absolute path of a feature store; `null` computes the features anew, in memory. */
  features: string | null
  /** Absolute path of the training's checkpoint; `null` keeps none. */
  checkpoint: string | null
}

/** The flags, as citty wants them for `--help`. */
export const args = {
  data: {
    type: 'string',
    valueHint: 'DIR',
    description: 'ESC-50, UrbanSound8K or a folder for each class (Default: a synthetic set)',
  },
  download: {
    type: 'boolean',
    description: 'Fetch ESC-50 (0.6 GB, CC BY-NC) first, into data/ESC-50 or where --data says',
  },
  subset: {
    type: 'string',
    valueHint: 'NAME',
    description: 'esc10 or esc50: which classes of ESC-50 (Default: esc10)',
  },
  model: {
    type: 'string',
    valueHint: 'NAME',
    description: 'audio-cnn (13 MFCCs) or mel-cnn (128 log-mel bands) (Default: audio-cnn)',
  },
  split: {
    type: 'string',
    valueHint: 'NAME',
    description: 'folds, stratified (80/20; siblings leak) or stratified-group (Default: folds)',
  },
  'test-fold': { type: 'string', valueHint: 'N', description: 'Fold to test on (Default: 1)' },
  'val-fold': { type: 'string', valueHint: 'N', description: 'Fold to validate on (Default: the one after)' },
  epochs: {
    type: 'string',
    valueHint: 'N',
    description: 'Passes over the training clips, at most (Default: 30)',
  },
  seed: { type: 'string', valueHint: 'N', description: 'Seed of everything random (Default: 42)' },
  out: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Folder of the results (Default: runs/, and a name after the run)',
  },
  'dry-run': { type: 'boolean', description: 'Try one clip and one random batch; write nothing' },
  'skip-bad': { type: 'boolean', description: 'Go on without missing or damaged clips' },
  features: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Keep the features in DIR, and take from there what is still right (Default: no)',
  },
  checkpoint: {
    type: 'string',
    valueHint: 'FILE',
    description: 'Keep the training in FILE after each epoch; the same command goes on from there',
  },
  'save-audio': {
    type: 'boolean',
    description: 'Keep each clip as the features see it, in processed/audio/ of the results',
  },
} as const satisfies ArgsDef

/** The command, for its `--help`. */
export const command: CommandDef = {
  meta: {
    name: 'npm start --',
    description: 'From recordings to a verified int8 ONNX model and a report.',
  },
  args,
}

const booleans = new Set(['download', 'dry-run', 'skip-bad', 'save-audio'])

/**
 * Reads the flags.
 *
 * @param argv - The arguments, `--name value` or `--name=value`.
 * @param cwd - The folder that relative paths are relative to.
 * @throws EscError INVALID_OPTION naming the flag: unknown ones (with the nearest known), values that are none.
 */
export function parseOptions(argv: readonly string[], cwd: string): RunOptions {
  const given = readFlags(argv)
  const choose = <K extends keyof typeof choices>(name: K): (typeof choices)[K][number] => {
    const value = given.get(name) ?? choices[name][0]
    if (!(choices[name] as readonly string[]).includes(value)) {
      throw new EscError('INVALID_OPTION', `--${name} ${value}: must be one of ${choices[name].join(', ')}`)
    }
    return value as (typeof choices)[K][number]
  }
  const whole = (name: string, min: number): number | null => {
    const text = given.get(name)
    if (text === undefined) return null
    if (!/^\d{1,15}$/.test(text) || Number(text) < min) {
      throw new EscError('INVALID_OPTION', `--${name} ${text}: must be a whole number >= ${min}`)
    }
    return Number(text)
  }
  const [model, split] = [choose('model'), choose('split')]
  const subset = given.has('subset') ? choose('subset') : null
  for (const name of ['test-fold', 'val-fold']) {
    if (split !== 'folds' && given.has(name)) {
      throw new EscError('INVALID_OPTION', `--${name} goes with --split folds, not with --split ${split}`)
    }
  }
  const testFold = split === 'folds' ? (whole('test-fold', 0) ?? 1) : null
  const download = given.has('download')
  if (download && given.has('dry-run')) {
    throw new EscError('INVALID_OPTION', '--download does not go with --dry-run, which writes nothing')
  }
  const data = given.get('data') ?? (download ? 'data/ESC-50' : undefined)
  const [features, checkpoint] = [given.get('features'), given.get('checkpoint')]
  if (features !== undefined && data === undefined) {
    throw new EscError('INVALID_OPTION', '--features goes with --data: the synthetic set has no files')
  }
  if (features !== undefined && given.has('save-audio')) {
    throw new EscError(
      'INVALID_OPTION',
      '--save-audio does not go with --features, which decodes no clip twice',
    )
  }
  const place = testFold === null ? split : `fold${testFold}`
  const set = data === undefined ? 'synthetic' : (subset ?? basename(resolve(cwd, data)))
  const name = `${set}-${model}-${place}`
  return {
    data: data === undefined ? null : resolve(cwd, data),
    download,
    subset,
    model,
    split,
    testFold,
    validationFold: whole('val-fold', 0),
    epochs: whole('epochs', 1) ?? 30,
    seed: whole('seed', 0) ?? 42,
    out: resolve(cwd, given.get('out') ?? `runs/${name}`),
    dryRun: given.has('dry-run'),
    skipBad: given.has('skip-bad'),
    saveAudio: given.has('save-audio'),
    features: features === undefined ? null : resolve(cwd, features),
    checkpoint: checkpoint === undefined ? null : resolve(cwd, checkpoint),
  }
}

/** citty would let unknown flags pass in silence, so the flags are read here, and citty prints the help. */
function readFlags(argv: readonly string[]): Map<string, string> {
  const given = new Map<string, string>()
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    const [, name, attached] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined || !(name in args)) throw unknownFlag(word, name)
    if (given.has(name)) throw new EscError('INVALID_OPTION', `--${name} is given twice`)
    if (booleans.has(name)) {
      if (attached !== undefined) throw new EscError('INVALID_OPTION', `--${name} takes no value`)
      given.set(name, 'true')
      continue
    }
    const value = attached ?? argv[++i]
    if (value === undefined || value === '' || (attached === undefined && value.startsWith('--'))) {
      throw new EscError('INVALID_OPTION', `--${name} needs a value`)
    }
    given.set(name, value)
  }
  return given
}

function unknownFlag(word: string, name: string | undefined): EscError {
  if (name === undefined) {
    return new EscError('INVALID_OPTION', `'${word}' is not a flag; flags begin with -- (see --help)`)
  }
  const nearest = Object.keys(args)
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .sort((a, b) => a.distance - b.distance)[0]!
  const hint =
    nearest.distance <= Math.max(2, name.length / 3) ? `did you mean --${nearest.known}?` : 'see --help'
  return new EscError('INVALID_OPTION', `unknown flag --${name}; ${hint}`)
}

/** Levenshtein's distance: insertions, deletions and replacements of one letter. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
