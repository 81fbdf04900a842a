/** Flags of the command: defaults, both spellings, and refusals. */
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { helpText } from './command.js'
import { outputFolder, parseOptions } from './options.js'

const cwd = '/home/user/project'

test('without flags the options are the defaults', () => {
  expect(parseOptions([], cwd)).toEqual({
    data: null,
    download: false,
    subset: null,
    group: null,
    model: 'audio-cnn',
    windows: null,
    split: null,
    testFold: null,
    validationFold: null,
    epochs: 30,
    learningRate: 1e-3,
    batchSize: 32,
    patience: 10,
    weightDecay: null,
    classWeights: false,
    augment: null,
    int8: true,
    seed: 42,
    out: null,
    dryRun: false,
    skipBad: false,
    tolerant: false,
    nested: false,
    saveAudio: false,
    features: null,
    checkpoint: null,
  })
})

test('all flags are read, in both spellings, and paths are relative to the caller', () => {
  const argv =
    '--data=../sounds --subset esc50 --model mel-cnn --split folds --test-fold 3 --val-fold=5 --epochs 2 --seed 7 --checkpoint a/b ' +
    '--group take --lr 3e-4 --batch-size=16 --patience 0 --weight-decay 1e-4 --class-weights --augment strong --no-int8 --features kept'
  const options = parseOptions(
    [
      ...argv.split(' '),
      '--out',
      'here',
      '--dry-run',
      '--skip-bad',
      '--save-audio',
      '--nested',
      '--tolerant',
      '--windows=2,0.5',
    ],
    cwd,
  )
  expect(options).toEqual({
    data: '/home/user/sounds',
    download: false,
    subset: 'esc50',
    group: 'take',
    model: 'mel-cnn',
    windows: { windowSec: 2, hopSec: 0.5 },
    split: 'folds',
    testFold: 3,
    validationFold: 5,
    epochs: 2,
    learningRate: 3e-4,
    batchSize: 16,
    patience: null,
    weightDecay: 1e-4,
    classWeights: true,
    augment: 'strong',
    int8: false,
    seed: 7,
    out: `${cwd}/here`,
    dryRun: true,
    skipBad: true,
    tolerant: true,
    nested: true,
    saveAudio: true,
    features: `${cwd}/kept`,
    checkpoint: `${cwd}/a/b`,
  })
})

test('windows are a length and, after a comma, a step', () => {
  const windowsOf = (text: string) => parseOptions(['--windows', text], cwd).windows
  expect(windowsOf('5')).toEqual({ windowSec: 5, hopSec: 2.5 })
  expect(windowsOf('0.96,0.48')).toEqual({ windowSec: 0.96, hopSec: 0.48 })
  for (const text of ['0', '-1', 'five', '5,', ',2', '2,5', '5,2,1', '5s', '0x5', '61', '1,0.001']) {
    expect(() => windowsOf(text), text).toThrow(
      /--windows <sec>' .*It must be a length in \(0, 60\] seconds, as in 5, or a length and a step/,
    )
  }
})

test('the folder is named after the run', () => {
  const folder = (argv: string[], name: 'folds' | 'stratified-group', testFold: number | null) =>
    outputFolder(parseOptions(argv, cwd), { name, testFold }, cwd)
  expect(folder([], 'folds', 1)).toBe(`${cwd}/runs/synthetic-audio-cnn-fold1`)
  expect(folder(['--data', 'x', '--model', 'mel-cnn'], 'stratified-group', null)).toBe(
    `${cwd}/runs/x-mel-cnn-stratified-group`,
  )
  expect(folder(['--data', 'x', '--subset', 'esc50'], 'folds', 3)).toBe(`${cwd}/runs/esc50-audio-cnn-fold3`)
  expect(folder(['--out', 'here'], 'folds', 1)).toBe(`${cwd}/here`)
})

test('the number of a fold alone means a split by folds', () => {
  expect(parseOptions(['--test-fold', '2'], cwd)).toMatchObject({ split: 'folds', testFold: 2 })
  expect(parseOptions(['--val-fold', '2'], cwd)).toMatchObject({ split: 'folds', validationFold: 2 })
})

test('--download goes to data/ESC-50, or where --data says', () => {
  expect(parseOptions(['--download'], cwd)).toMatchObject({
    data: `${cwd}/data/ESC-50`,
    download: true,
  })
  expect(parseOptions(['--data', 'x', '--download'], cwd)).toMatchObject({ data: `${cwd}/x`, download: true })
})

describe('a wrong flag is named, with what to do', () => {
  test.each([
    ['a misspelt flag', ['--modle', 'mel-cnn'], /unknown option '--modle' \(Did you mean --model\?\)$/],
    ['a flag like no other', ['--gpu'], /unknown option '--gpu' \(see --help\)$/],
    ['a word without dashes', ['mel-cnn'], /^unexpected 'mel-cnn'; a flag begins with --, as --data DIR/],
    [
      'a model that is none',
      ['--model', 'resnet'],
      /'--model <name>' argument 'resnet' is invalid. It must be one of audio-cnn, mel-cnn/,
    ],
    ['no value', ['--epochs'], /'--epochs <n>' argument missing/],
    ['a flag as value', ['--data', '--dry-run'], /'--data <dir>'.*needs a value/],
    ['an empty value', ['--data='], /'--data <dir>'.*needs a value/],
    ['no number', ['--epochs', 'ten'], /'ten' is invalid. It must be a whole number >= 1/],
    ['zero epochs', ['--epochs', '0'], /'--epochs <n>' argument '0'/],
    ['a fraction', ['--seed', '1.5'], /'--seed <n>' argument '1.5'/],
    ['a rate of 0', ['--lr', '0'], /'--lr <rate>'.*must be a number > 0/],
    ['a rate that is none', ['--lr', 'fast'], /'--lr <rate>'.*must be a number > 0/],
    ['a decay below 0', ['--weight-decay', '-1'], /'--weight-decay <w>'.*must be a number >= 0/],
    ['a part of no data set', ['--subset', 'esc10'], /--subset needs --data/],
    ['a store for no files', ['--features', 'x'], /--features needs --data/],
    ['a value for a switch', ['--dry-run=yes'], /dry-run/],
    ['a download that may not write', ['--download', '--dry-run'], /--download does not work with --dry-run/],
    ['twice', ['--seed', '1', '--seed', '2'], /'--seed <n>'.*given twice/],
    [
      'a fold for a random split',
      ['--split', 'stratified', '--test-fold', '1'],
      /--test-fold needs --split folds/,
    ],
  ])('%s', (_name, argv, message) => {
    expect(() => parseOptions(argv, cwd)).toThrow(throwsCode('INVALID_OPTION', message))
  })
})

test('--help names every flag, in lines of at most 100 columns', () => {
  const help = helpText()
  const flags =
    'data download subset group model split test-fold val-fold epochs lr batch-size patience weight-decay class-weights augment no-int8 seed out dry-run skip-bad features checkpoint save-audio'
  for (const flag of flags.split(' ')) expect(help).toMatch(new RegExp(`^ +(-\\w, )?--${flag}\\b`, 'm'))
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
})
