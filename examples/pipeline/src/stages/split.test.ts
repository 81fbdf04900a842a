/** How the clips are split, and which splits are refused. */
import type { EscError } from '@esc/core'
import type { ClipRecord } from '@esc/dataset'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../options.js'
import { chooseSplit } from './split.js'

const labels = ['dog', 'rain']
const split = (list: readonly ClipRecord[], ...argv: string[]) =>
  chooseSplit({ labels, records: list }, true, parseOptions(argv, '/'))

/** Four clips of each class in each fold, in pairs of siblings: clips of the same recording. */
const records: ClipRecord[] = Array.from({ length: 40 }, (_, i) => {
  const [fold, labelIndex, take] = [Math.floor(i / 8) + 1, i % 2, i >> 1]
  const id = `clip${i}`
  return {
    id,
    filename: `${id}.wav`,
    fold,
    labelIndex,
    label: labels[labelIndex]!,
    group: `${labelIndex}-${take >> 1}`,
  }
})

test('folds: the validation fold is the one after the test fold, and the first after the last', () => {
  expect(split(records).validationFold).toBe(2)
  expect(split(records, '--test-fold', '5').validationFold).toBe(1)
  const chosen = split(records, '--test-fold', '2', '--val-fold', '4')
  expect(chosen.validationFold).toBe(4)
  expect(Array.from(chosen.split.test, (i) => records[i]!.fold)).toEqual(Array(8).fill(2))
  expect([chosen.split.train.length, chosen.split.validation.length]).toEqual([24, 8])
  expect(chosen.leakedTestClips).toBe(0)
})

test('stratified: 80/20, then a fifth of training; siblings leak and are counted', () => {
  const { split: parts, leakedTestClips } = split(records, '--split', 'stratified')
  expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual([25, 7, 8])
  expect(leakedTestClips).toBeGreaterThan(0)
})

test('stratified-group: siblings stay together', () => {
  const { split: parts, leakedTestClips } = split(records, '--split', 'stratified-group')
  expect(parts.train.length + parts.validation.length + parts.test.length).toBe(40)
  expect(leakedTestClips).toBe(0)
})

const unfolded = records.map((record) => ({ ...record, fold: null }))

test('a table without folds is split by groups', () => {
  const chosen = split(unfolded)
  expect([chosen.name, chosen.testFold, chosen.validationFold]).toEqual(['stratified-group', null, null])
  expect(chosen.leakedTestClips).toBe(0)
  expect(split(records).name).toBe('folds')
})

test('without groups the number of leaks is not known, and not 0', () => {
  const options = parseOptions([], '/')
  expect(chooseSplit({ labels, records: unfolded }, false, options).leakedTestClips).toBeNull()
})

describe('refusals', () => {
  test('a class with one clip, or none, is named', () => {
    const rare = records.filter(({ label, id }) => label === 'dog' || id === 'clip1')
    expect(() => split(rare)).toThrow(throwsCode('INVALID_INPUT', /class rain has 1 clip/))
    const none = records.filter(({ label }) => label === 'dog')
    expect(() => split(none)).toThrow(throwsCode('INVALID_INPUT', /class rain has no clip/))
  })
  test('a fold that does not exist is named, with the folds that do', () => {
    const message = (flag: string) =>
      new RegExp(`^${flag} is not a fold of this data set; its folds are 1, 2, 3, 4, 5$`)
    expect(() => split(records, '--test-fold', '9')).toThrow(
      throwsCode('INVALID_OPTION', message('--test-fold 9')),
    )
    expect(() => split(records, '--val-fold', '7')).toThrow(
      throwsCode('INVALID_OPTION', message('--val-fold 7')),
    )
  })
  test('a class that only the test fold has', () => {
    const tested = records.filter(({ label, fold }) => label === 'dog' || fold === 1)
    expect(() => split(tested)).toThrow(throwsCode('INVALID_INPUT', /class rain has no training clip/))
  })
  test('too few sources are reported as sources, not as clips', () => {
    const sitesOf = (sites: number) =>
      unfolded.map((record, i) => ({ ...record, group: `site${Math.floor(i / 2) % sites}` }))
    let fewest = 1
    for (; fewest < 20; fewest++) {
      try {
        split(sitesOf(fewest), '--split', 'stratified-group')
        break
      } catch (error) {
        const sources = fewest === 1 ? '1 source' : `${fewest} sources`
        expect((error as EscError).message).toMatch(
          new RegExp(
            `^the clips come from ${sources}, and .* stratified-group needs about \\d+; add recordings`,
          ),
        )
      }
    }
    expect(fewest).toBeGreaterThan(2)
  })
  test('a class of one source, without a training clip', () => {
    const three = ['dog', 'rain', 'frog']
    const list = Array.from({ length: 42 }, (_, i) => {
      const labelIndex = i >= 40 ? 1 : i < 20 ? 0 : 2
      const group = labelIndex === 1 ? 'one' : `source${i >> 1}`
      return { ...unfolded[0]!, id: `c${i}`, group, labelIndex, label: three[labelIndex]! }
    })
    const messages = Array.from({ length: 10 }, (_, seed) => {
      const options = parseOptions(['--split', 'stratified-group', '--seed', String(seed)], '/')
      try {
        return chooseSplit({ labels: three, records: list }, true, options).name
      } catch (error) {
        return (error as EscError).message
      }
    }).filter((message) => message !== 'stratified-group')
    expect(messages.length).toBeGreaterThan(0)
    for (const message of messages)
      expect(message).toMatch(/^class rain comes from 1 source, and .* needs 3 of each class; add recordings/)
  })
  test('a split by folds of a table without folds', () => {
    expect(() => split(unfolded, '--split', 'folds')).toThrow(
      throwsCode('INVALID_INPUT', /no folds of its own; use --split stratified-group/),
    )
    expect(() => split(unfolded, '--test-fold', '1')).toThrow(
      throwsCode('INVALID_INPUT', /no folds of its own/),
    )
  })
  test('fewer than three folds', () => {
    const single = records.filter(({ fold }) => fold === 1)
    expect(() => split(single)).toThrow(
      throwsCode('INVALID_INPUT', /^this data set has 1 fold, and a split by folds needs 3; use --split/),
    )
    const two = records.filter(({ fold }) => fold! <= 2)
    expect(() => split(two)).toThrow(throwsCode('INVALID_INPUT', /has 2 folds, and/))
  })
  test.each(['stratified', 'stratified-group'])(
    '--split %s names the class, its clips, and how many it needs',
    (name) => {
      const needs: number[] = []
      const tried = (clips: number) => {
        const list = Array.from({ length: 2 * clips + 1 }, (_, i) => {
          const labelIndex = i < clips ? 0 : 1
          return { ...unfolded[0]!, id: `c${i}`, group: `c${i}`, labelIndex, label: labels[labelIndex]! }
        })
        try {
          // Each clip is a source of its own.
          return chooseSplit({ labels, records: list }, false, parseOptions(['--split', name], '/'))
        } catch (error) {
          const { message, detail } = error as EscError
          expect(message).toMatch(`class dog has ${clips} clips`)
          expect(message).toMatch(`; --split ${name} needs ${detail.need}`)
          expect(detail).toMatchObject({ label: 'dog', clips })
          needs.push(detail.need as number)
          return null
        }
      }
      let fewest = 2
      while (tried(fewest) === null && fewest < 100) fewest++
      expect(fewest).toBeGreaterThan(2)
      // The split depends on the order of the groups, so the fewest clips differ from table to table.
      for (const need of needs) expect(Math.abs(need - fewest)).toBeLessThanOrEqual(3)
    },
  )
})
