/** Layers, shapes and initial weights of the ready networks. */
import { inferShapes, namedWeights, parameterCount } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { audioCnn } from './audio-cnn.js'
import { melCnn } from './mel-cnn.js'

describe('audioCnn', () => {
  const graph = audioCnn({ bins: 13, frames: 431, classes: 10 })

  test('layers, in order', () => {
    expect(graph.nodes.map(({ op }) => op).join(' ')).toBe(
      'Conv2D ReLU MaxPool Conv2D ReLU MaxPool Dropout Flatten Dense ReLU Dense',
    )
  })

  test('shapes', () => {
    const shapes = inferShapes(graph)
    expect(shapes.get('conv1')).toEqual([16, 13, 431])
    expect(shapes.get('pool1')).toEqual([16, 6, 215])
    expect(shapes.get('pool2')).toEqual([32, 3, 107])
    expect(shapes.get('flatten')).toEqual([10272])
    expect(shapes.get('dense1')).toEqual([64])
    expect(shapes.get('dense2')).toEqual([10])
  })

  test('parameters: 160 + 4,640 + 657,472 + 650', () => {
    expect(parameterCount(graph)).toBe(160 + 4640 + 657_472 + 650)
  })
})

describe('melCnn', () => {
  const graph = melCnn({ bins: 128, frames: 216, classes: 10 })

  test('layers, in order', () => {
    const block = 'Conv2D BatchNorm ReLU MaxPool'
    expect(graph.nodes.map(({ op }) => op).join(' ')).toBe(
      `${block} ${block} ${block} GlobalAveragePool Dense`,
    )
  })

  test('shapes', () => {
    const shapes = inferShapes(graph)
    expect(shapes.get('pool1')).toEqual([32, 64, 108])
    expect(shapes.get('pool2')).toEqual([64, 32, 54])
    expect(shapes.get('pool3')).toEqual([128, 16, 27])
    expect(shapes.get('average')).toEqual([128])
    expect(shapes.get('dense')).toEqual([10])
  })

  test('parameters: 320 + 64 + 18,496 + 128 + 73,856 + 256 + 1,290', () => {
    expect(parameterCount(graph)).toBe(320 + 64 + 18_496 + 128 + 73_856 + 256 + 1290)
  })
})

describe('initial weights', () => {
  test('fill U(-1/√fanIn, 1/√fanIn) as PyTorch draws them', () => {
    const weights = namedWeights(audioCnn({ bins: 13, frames: 431, classes: 10 }))
    for (const [name, fanIn] of [
      ['conv1.kernel', 9],
      ['conv2.kernel', 144],
      ['dense1.kernel', 10_272],
      ['dense1.bias', 10_272],
    ] as const) {
      const { data } = weights.find((weight) => weight.name === name)!.weight
      const bound = 1 / Math.sqrt(fanIn)
      const variance = data.reduce((sum, value) => sum + value * value, 0) / data.length
      expect(Math.max(...data.slice(0, 10_000).map(Math.abs)), name).toBeLessThanOrEqual(bound)
      // A uniform distribution on ±bound has variance bound² / 3; 5 standard errors of its estimate.
      const error = 5 * (bound ** 2 / 3) * Math.sqrt(0.8 / data.length)
      expect(Math.abs(variance - bound ** 2 / 3), name).toBeLessThan(error)
    }
  })

  test('depend on the seed alone', () => {
    const first = melCnn({ bins: 16, frames: 16, classes: 3, seed: 1 })
    expect(melCnn({ bins: 16, frames: 16, classes: 3, seed: 1 })).toEqual(first)
    expect(melCnn({ bins: 16, frames: 16, classes: 3, seed: 2 })).not.toEqual(first)
  })
})

test.each([
  ['bins too small', { bins: 3, frames: 431, classes: 10 }],
  ['frames NaN', { bins: 13, frames: Number.NaN, classes: 10 }],
  ['one class', { bins: 13, frames: 431, classes: 1 }],
])('%s: INVALID_OPTION', (_name, options) => {
  expect(() => audioCnn(options)).toThrow(throwsCode('INVALID_OPTION'))
  expect(() => melCnn(options)).toThrow(throwsCode('INVALID_OPTION'))
})
