import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBlockCutter, createSampleQueue } from './sample-queue.js'

const ramp = (length: number, from = 0) => Float32Array.from({ length }, (_, i) => from + i)

describe('createSampleQueue', () => {
  test('returns pieces in order, whether read() or push() comes first', async () => {
    const queue = createSampleQueue(100)
    const early = queue.read()
    const pieces = [ramp(3), ramp(2, 3), ramp(4, 5)]
    expect(pieces.map((piece) => queue.push(piece))).toEqual([true, true, true])
    expect(queue.frames).toBe(6)
    expect([await early, await queue.read(), await queue.read()]).toEqual(pieces)
    expect(queue.frames).toBe(0)
  })

  test('is full while maxFrames samples wait, and takes more after a read', async () => {
    const queue = createSampleQueue(4)
    expect([3, 3, 3].map((length) => queue.push(ramp(length)))).toEqual([true, true, false])
    await queue.read()
    expect([3, 3].map((length) => queue.push(ramp(length)))).toEqual([true, false])
  })

  test('a failure comes after the waiting samples; only the first counts, and nothing is added after it', async () => {
    const queue = createSampleQueue(4)
    queue.push(ramp(2))
    queue.fail(new Error('unplugged'))
    queue.fail(new Error('later'))
    expect(queue.push(ramp(1))).toBe(false)
    expect(await queue.read()).toEqual(ramp(2))
    await expect(queue.read()).rejects.toThrow('unplugged')
    await expect(queue.read()).rejects.toThrow('unplugged')
  })

  test('a failure rejects a read that is waiting', async () => {
    const queue = createSampleQueue(4)
    const read = queue.read()
    queue.fail(new Error('unplugged'))
    await expect(read).rejects.toThrow('unplugged')
  })
})

describe('createBlockCutter', () => {
  test('cuts pieces of any size into full blocks with their own storage, and loses no sample', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(120)), (blockFrames, lengths) => {
        const cut = createBlockCutter(blockFrames)
        let total = 0
        const blocks = lengths.flatMap((length) => {
          total += length
          return cut(ramp(length, total - length))
        })
        expect(blocks.length).toBe(Math.floor(total / blockFrames))
        expect(new Set(blocks.map(({ buffer }) => buffer)).size).toBe(blocks.length)
        for (const [i, block] of blocks.entries()) expect(block).toEqual(ramp(blockFrames, i * blockFrames))
      }),
    )
  })
})
