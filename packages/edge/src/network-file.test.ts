import { isDeepStrictEqual } from 'node:util'
import { createRng, EscError, type TrainedModel } from '@esc/core'
import { readSafetensors, type Safetensors, writeSafetensors } from '@esc/core/safetensors'
import { throwsCode } from '@esc/expect'
import { audioCnn, melCnn } from '@esc/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { model } from './fixtures/tiny-model.js'
import { decodeNetwork, encodeNetwork } from './network-file.js'

test('networks of every kind can be read again, equal to the last bit', () => {
  const size = { bins: 16, frames: 44, classes: 3 }
  for (const graph of [audioCnn(size), melCnn(size), model.graph]) {
    const given: TrainedModel = { ...model, graph }
    // `toEqual` would take seconds for these weights.
    expect(isDeepStrictEqual(decodeNetwork(encodeNetwork(given)), given)).toBe(true)
  }
})

test('a file without a temperature has a temperature of 1', () => {
  const file = readSafetensors(encodeNetwork({ ...model, temperature: 2.5 }))
  expect(decodeNetwork(writeSafetensors(file)).temperature).toBe(2.5)
  const { temperature, ...older } = JSON.parse(file.metadata.model!)
  expect(temperature).toBe(2.5)
  const metadata = { ...file.metadata, model: JSON.stringify(older) }
  expect(decodeNetwork(writeSafetensors({ ...file, metadata }))).toEqual({ ...model, temperature: 1 })
})

describe('a file of another kind, or a damaged file', () => {
  const file = readSafetensors(encodeNetwork(model))
  const described = JSON.parse(file.metadata.model!)
  const withModel = (change: (description: typeof described) => void): Safetensors => {
    const copy = structuredClone(described)
    change(copy)
    return { ...file, metadata: { ...file.metadata, model: JSON.stringify(copy) } }
  }
  const tensors = (change: (map: Map<string, { shape: readonly number[]; data: Float32Array }>) => void) => {
    const map = new Map(file.tensors)
    change(map)
    return { ...file, tensors: map }
  }
  const one = (value: number) => ({ shape: [1], data: Float32Array.of(value) })

  test.each<[string, Safetensors, RegExp]>([
    ['another safetensors file', { ...file, metadata: {} }, /a safetensors file of another kind/],
    [
      'no description',
      { ...file, metadata: { ...file.metadata, model: '' } },
      /its description is not one that this version writes/,
    ],
    ['a recipe that is none', withModel((m) => delete m.recipe.stft), /its description/],
    ['an unknown key', withModel((m) => (m.extra = 1)), /its description/],
    ['a temperature of 0', withModel((m) => (m.temperature = 0)), /its description/],
    ['fewer labels', withModel((m) => m.labels.pop()), /2 labels for 3 outputs/],
    ['a weight less', tensors((map) => map.delete('conv.bias')), /it has no weight 'conv.bias'/],
    ['a weight more', tensors((map) => map.set('x.bias', one(0))), /no node has the weight 'x.bias'/],
    [
      'a weight of another shape',
      tensors((map) => map.set('conv.bias', one(0))),
      /'conv' has a bias of shape \[1\]/,
    ],
    [
      'a weight that is not finite',
      tensors((map) => map.set('conv.bias', { shape: [6], data: new Float32Array(6).fill(Number.NaN, 3) })),
      /value 3 of weight 'conv.bias' is NaN/,
    ],
    [
      'attributes as deep as a stack',
      withModel((m) => {
        m.graph.nodes[0].attributes.padding = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)
      }),
      /its description/,
    ],
    [
      'a layer norm without weights',
      withModel((m) => Object.assign(m.graph.nodes[1], { op: 'LayerNorm', weights: [], attributes: {} })),
      /gamma of rank 0/,
    ],
    [
      'a reshape to a text',
      withModel((m) => Object.assign(m.graph.nodes[1], { op: 'Reshape', attributes: { shape: 'abc' } })),
      /has shape \[abc\]/,
    ],
    ['an unknown layer', withModel((m) => (m.graph.nodes[1].op = 'Spline')), /Spline/],
    [
      'a layer that reads what is not there',
      withModel((m) => (m.graph.nodes[1].inputs = ['x'])),
      /reads 'x'/,
    ],
    ['a layer without attributes', withModel((m) => (m.graph.nodes[0].attributes = {})), /padding/],
    [
      'attributes of another kind',
      withModel((m) => (m.graph.nodes[0].attributes = { padding: 'same', strides: 'two' })),
      /strides/,
    ],
    ['an input of nothing', withModel((m) => (m.graph.input.shape = [1, 0, 3])), /three sizes >= 1/],
  ])('%s is CORRUPT_DATA, and the error says what is wrong', (_, changed, text) => {
    expect(() => decodeNetwork(writeSafetensors(changed))).toThrow(throwsCode('CORRUPT_DATA', text))
  })

  test('a file of a newer version is UNSUPPORTED_FORMAT', () => {
    const newer = writeSafetensors({ ...file, metadata: { ...file.metadata, version: '2' } })
    expect(() => decodeNetwork(newer)).toThrow(throwsCode('UNSUPPORTED_FORMAT'))
  })

  test('any other damage throws an EscError or still gives a model', () => {
    const bytes = encodeNetwork(model)
    const rng = createRng(1)
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))
    fc.assert(
      fc.property(fc.nat(headerEnd), fc.nat(255), (at, value) => {
        const damaged = bytes.slice()
        damaged[at] = value
        damaged[rng.integer(headerEnd)]! ^= 1 << rng.integer(8)
        try {
          decodeNetwork(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(EscError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('any value in place of any part of the description throws an EscError or still gives a model', () => {
    const paths: (string | number)[][] = []
    const walk = (value: unknown, path: (string | number)[]) => {
      if (path.length > 0) paths.push(path)
      if (typeof value !== 'object' || value === null) return
      for (const key of Object.keys(value)) walk((value as Record<string, unknown>)[key], [...path, key])
    }
    walk(described, [])
    const hostile = [
      null,
      undefined,
      0,
      -1,
      1.5,
      1e300,
      '',
      'x',
      [],
      {},
      [[]],
      true,
      '__proto__',
      { length: 3 },
    ]
    for (const path of paths) {
      for (const value of hostile) {
        const changed = withModel((m) => {
          const parent = path.slice(0, -1).reduce((at, key) => at[key], m)
          parent[path.at(-1)!] = value
        })
        try {
          decodeNetwork(writeSafetensors(changed))
        } catch (error) {
          expect(error, `${path.join('.')} = ${JSON.stringify(value)}`).toBeInstanceOf(EscError)
        }
      }
    }
  })
})
