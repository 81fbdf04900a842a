/** All figures of an evaluation, compared with scikit-learn and with the single functions. */
import { createRng, featureSet, scoresOf } from '@esc/core'
import { throwsCode } from '@esc/expect'
import type { Session } from '@esc/onnx'
import { describe, expect, test } from 'vitest'
import {
  accuracyInterval,
  brierScore,
  calibrationError,
  confusedPairs,
  evaluateSession,
  logLoss,
  rankClasses,
  topKAccuracy,
} from '../index.js'
import fixture from './fixtures/evaluation.json' with { type: 'json' }

/** The features of an example are its logits. */
const session = {
  inputNames: ['input'],
  run: async ({ input }: never) => ({ logits: input }),
  release: async () => {},
} as unknown as Session

interface Row {
  labelIndex?: number
  clipId?: string
  group?: string
  target?: Float32Array
}

function setOf(logits: Float32Array, classes: number, row: (i: number) => Row) {
  const examples = Array.from({ length: logits.length / classes }, (_, i) => ({
    id: `${i}`,
    labelIndex: 0,
    features: { data: logits.slice(i * classes, (i + 1) * classes), bins: classes, frames: 1 },
    ...row(i),
  }))
  return featureSet(examples, { labels: Array.from({ length: classes }, (_, c) => `c${c}`) })
}

describe('a softmax model', () => {
  const rng = createRng(12)
  const yTrue = Array.from({ length: 60 }, () => rng.integer(5))
  const logits = Float32Array.from({ length: 300 }, (_, i) => {
    return rng.normal() + (yTrue[Math.floor(i / 5)] === i % 5 ? 1.5 : 0)
  })
  const groups = yTrue.map((_, i) => `source ${i % 20}`)
  const set = setOf(logits, 5, (i) => ({ labelIndex: yTrue[i]!, group: groups[i]! }))
  const flat = scoresOf(logits, 5, 'softmax').flat()

  test('has the figures of the single functions', async () => {
    const found = await evaluateSession(session, set)
    if (found.activation !== 'softmax') throw new Error('not a softmax evaluation')
    const { perClass, ...ranking } = rankClasses(yTrue, flat, 5)
    expect(found).toMatchObject({
      brier: brierScore(yTrue, flat, 5),
      topK: { k: 3, accuracy: topKAccuracy(yTrue, flat, 5, { k: 3 }) },
      ...calibrationError(yTrue, flat, 5),
      ...ranking,
      confusedPairs: confusedPairs(found.confusion, set.labels),
      accuracyInterval: accuracyInterval(
        yTrue,
        found.clips.map((clip) => clip.predictedIndex),
        groups,
      ),
      micro: null,
      targets: null,
    })
    expect(found.perClass.map((one) => [one.rocAuc, one.averagePrecision])).toEqual(
      perClass.map((one) => [one.rocAuc, one.averagePrecision]),
    )
    expect(found.loss).toBeCloseTo(logLoss(yTrue, flat, 5), 6)
    expect(found.balancedAccuracy).toBeCloseTo(found.macro.recall, 12)
    expect(found.accuracyInterval!.groups).toBe(20)
    expect(found.accuracyInterval!.lower).toBeLessThan(found.accuracy)
    expect(JSON.stringify(found)).not.toContain('NaN')
  })

  test('has no interval if all clips are of one source, and no top 3 of three classes', async () => {
    const one = setOf(logits, 5, (i) => ({ labelIndex: yTrue[i]!, group: 'park' }))
    expect((await evaluateSession(session, one)).accuracyInterval).toBeNull()
    const three = setOf(logits, 3, (i) => ({ labelIndex: i % 3 }))
    expect((await evaluateSession(session, three)).topK).toBeNull()
  })

  test('takes the id of a clip where a set of another program has no groups', async () => {
    const records = set.records.map(({ group: _, ...record }) => record as never)
    const { accuracyInterval: found } = await evaluateSession(session, { ...set, records })
    expect(found!.groups).toBe(60)
  })

  test('a single clip has figures or null, never NaN', async () => {
    const found = await evaluateSession(session, set, [0])
    expect(found).toMatchObject({ accuracyInterval: null, rocAuc: { mean: null, classes: 0 } })
    const numbers = JSON.stringify(found, (_, value) => (Number.isNaN(value) ? 'NaN' : value))
    expect(numbers).not.toContain('NaN')
  })
})

describe('a sigmoid model', () => {
  const { classes, truth, ...wanted } = fixture.multiLabel
  const logits = Float32Array.from(wanted.logits)
  const targetOf = (i: number) => Float32Array.from(truth.slice(i * classes, (i + 1) * classes))
  const options = { activation: 'sigmoid' } as const

  test('has the figures of scikit-learn for several labels, and no confusion matrix', async () => {
    const set = setOf(logits, classes, (i) => ({ target: targetOf(i) }))
    const found = await evaluateSession(session, set, null, options)
    if (found.activation !== 'sigmoid') throw new Error('not a sigmoid evaluation')
    const near = (ours: object, theirs: Readonly<Record<string, number | null>>) => {
      for (const [key, value] of Object.entries(theirs)) {
        const figure = (ours as Record<string, number | null>)[key]
        if (value === null) expect(figure, key).toBeNull()
        else expect(figure, key).toBeCloseTo(value, 12)
      }
    }
    near(found, { accuracy: wanted.accuracy, brier: wanted.brier })
    expect(found.loss).toBeCloseTo(wanted.loss, 7)
    near(found.macro, wanted.macro)
    near(found.weighted, wanted.weighted)
    near(found.micro, wanted.micro)
    for (const [c, one] of found.perClass.entries()) near(one, wanted.perClass[c]!)
    // The last label has no example.
    expect(found.rocAuc.classes).toBe(classes - 1)
    expect(found.perClass.at(-1)).toMatchObject({ rocAuc: null, averagePrecision: null, support: 0 })
    expect(found.confusion).toBeNull()
    expect([...found.targets]).toEqual(truth)
  })

  test('takes the label of an example without a target', async () => {
    const set = setOf(logits, classes, (i) => ({ labelIndex: i % classes }))
    const { targets } = await evaluateSession(session, set, [0, 1, 2], options)
    expect([...targets!]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
  })

  test('no label in any clip gives figures or null, never NaN', async () => {
    const set = setOf(logits, classes, () => ({ target: new Float32Array(classes) }))
    const found = await evaluateSession(session, set, null, options)
    expect(found.rocAuc).toEqual({ mean: null, classes: 0 })
    expect(found.weighted).toEqual({ precision: 0, recall: 0, f1: 0 })
    expect(found.micro).toMatchObject({ rocAuc: null, averagePrecision: null })
  })

  test('windows of one clip have one target', async () => {
    const same = setOf(logits, classes, (i) => ({ clipId: `${i >> 1}`, target: targetOf(i - (i % 2)) }))
    expect((await evaluateSession(session, same, null, options)).clips).toHaveLength(35)
    const set = setOf(logits, classes, (i) => ({ clipId: `${i >> 1}`, target: targetOf(i) }))
    await expect(evaluateSession(session, set, null, options)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /clip '\d+' has windows with different targets; give windows of/),
    )
  })

  test.each<[string, Float32Array, RegExp]>([
    ['a target of NaN', Float32Array.of(0, Number.NaN, 0, 0, 0, 0), /example '0' has the target \[0, NaN/],
    ['a target of 2', Float32Array.of(2, 0, 0, 0, 0, 0), /with sigmoid each value must lie in \[0, 1\]/],
    ['a short target', Float32Array.of(1), /example '0' has a target of 1 classes, not 6/],
  ])('%s is refused', async (_, target, text) => {
    const set = setOf(logits, classes, () => ({ target }))
    await expect(evaluateSession(session, set, null, options)).rejects.toThrow(
      throwsCode('INVALID_INPUT', text),
    )
  })
})
