import { renderUsage } from 'citty'
import { describe, expect, test } from 'vitest'
import { command, parseOptions } from './options.js'

const cwd = '/home/user/project'

test('nothing given: the defaults', () => {
  expect(parseOptions([], cwd)).toEqual({
    data: null,
    download: false,
    subset: null,
    model: 'audio-cnn',
    split: 'folds',
    testFold: 1,
    validationFold: null,
    epochs: 30,
    seed: 42,
    out: `${cwd}/runs/synthetic-audio-cnn-fold1`,
    dryRun: false,
    skipBad: false,
    saveAudio: false,
    features: null,
    checkpoint: null,
  })
})

test('everything given, in both spellings; paths are relative to the caller', () => {
  const argv =
    '--data=../sounds --subset esc50 --model mel-cnn --split folds --test-fold 3 --val-fold=5 --epochs 2 --seed 7 --checkpoint a/b'
  const options = parseOptions(
    [...argv.split(' '), '--out', 'here', '--dry-run', '--skip-bad', '--save-audio'],
    cwd,
  )
  expect(options).toEqual({
    data: '/home/user/sounds',
    download: false,
    subset: 'esc50',
    model: 'mel-cnn',
    split: 'folds',
    testFold: 3,
    validationFold: 5,
    epochs: 2,
    seed: 7,
    out: `${cwd}/here`,
    dryRun: true,
    skipBad: true,
    saveAudio: true,
    features: null,
    checkpoint: `${cwd}/a/b`,
  })
})

test('the folder is named after the run', () => {
  expect(parseOptions(['--data', 'x', '--split', 'stratified-group', '--model', 'mel-cnn'], cwd).out).toBe(
    `${cwd}/runs/x-mel-cnn-stratified-group`,
  )
  expect(parseOptions(['--data', 'x', '--subset', 'esc50'], cwd).out).toBe(
    `${cwd}/runs/esc50-audio-cnn-fold1`,
  )
})

test('--download goes to data/ESC-50, or where --data says', () => {
  expect(parseOptions(['--download'], cwd)).toMatchObject({
    data: `${cwd}/data/ESC-50`,
    download: true,
    out: `${cwd}/runs/ESC-50-audio-cnn-fold1`,
  })
  expect(parseOptions(['--data', 'x', '--download'], cwd)).toMatchObject({ data: `${cwd}/x`, download: true })
})

describe('what is wrong is named, with what to do', () => {
  test.each([
    ['a misspelt flag', ['--modle', 'mel-cnn'], /unknown flag --modle; did you mean --model\?/],
    ['a flag like no other', ['--gpu'], /unknown flag --gpu; see --help/],
    ['a word without dashes', ['mel-cnn'], /'mel-cnn' is not a flag/],
    ['a model that is none', ['--model', 'resnet'], /--model resnet: must be one of audio-cnn, mel-cnn/],
    ['no value', ['--epochs'], /--epochs needs a value/],
    ['a flag as value', ['--data', '--dry-run'], /--data needs a value/],
    ['an empty value', ['--data='], /--data needs a value/],
    ['no number', ['--epochs', 'ten'], /--epochs ten: must be a whole number >= 1/],
    ['zero epochs', ['--epochs', '0'], /--epochs 0/],
    ['a fraction', ['--seed', '1.5'], /--seed 1.5/],
    ['a store for no files', ['--features', 'x'], /--features goes with --data/],
    [
      'a store and sounds',
      ['--data', 'x', '--features', 'y', '--save-audio'],
      /--save-audio does not go with --features/,
    ],
    ['a value for a switch', ['--dry-run=yes'], /--dry-run takes no value/],
    ['a download that may not write', ['--download', '--dry-run'], /--download does not go with --dry-run/],
    ['twice', ['--seed', '1', '--seed', '2'], /--seed is given twice/],
    [
      'a fold for a random split',
      ['--split', 'stratified', '--test-fold', '1'],
      /--test-fold goes with --split folds/,
    ],
  ])('%s', (_name, argv, message) => {
    expect(() => parseOptions(argv, cwd)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    )
  })
})

test('--help names every flag', async () => {
  const help = await renderUsage(command)
  for (const flag of [
    'data',
    'download',
    'subset',
    'model',
    'split',
    'test-fold',
    'val-fold',
    'epochs',
    'seed',
    'checkpoint',
    'out',
    'dry-run',
    'skip-bad',
  ]) {
    expect(help).toContain(`--${flag}`)
  }
})
