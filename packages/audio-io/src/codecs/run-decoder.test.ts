import { EscError } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { runDecoder, type WasmDecoder } from './run-decoder.js'

class Fake implements WasmDecoder {
  freed = 0
  ready: Promise<void>
  constructor(ready: Promise<void> = Promise.resolve()) {
    this.ready = ready
  }
  free(): void {
    this.freed++
  }
}
const decode = (_: Fake, length: number) => {
  if (length < 0) throw new RangeError('unreachable')
  const errors = length === 13 ? [{ message: 'bad packet' }] : []
  return { channelData: [new Float32Array(length)], sampleRate: 8000, errors }
}

describe('runDecoder', () => {
  test('yields a block for each part with sound, and frees the decoder', async () => {
    const decoder = new Fake()
    const lengths: number[] = []
    for await (const { channels } of runDecoder(decoder, [3, 0, 4], decode)) lengths.push(channels[0]!.length)
    expect(lengths).toEqual([3, 4])
    expect(decoder.freed).toBe(1)
  })

  test('frees the decoder if the loop is left', async () => {
    const decoder = new Fake()
    for await (const _ of runDecoder(decoder, [3, 4], decode)) break
    expect(decoder.freed).toBe(1)
  })

  test.each<[string, Iterable<number>, number, string, RegExp]>([
    ['reports an error', [3, 13, 4], 2, 'CORRUPT_DATA', /^the decoder failed: bad packet$/],
    ['throws', [3, -1], 1, 'CORRUPT_DATA', /^the decoder failed: unreachable$/],
    [
      'has parts that fail',
      (function* () {
        yield 3
        throw new EscError('UNSUPPORTED_FORMAT', 'too large')
      })(),
      1,
      'UNSUPPORTED_FORMAT',
      /^too large$/,
    ],
  ])(
    'yields the sound before the error and frees a decoder that %s',
    async (_, parts, blocks, code, message) => {
      const decoder = new Fake()
      const sound = runDecoder(decoder, parts, decode)
      for (let i = 0; i < blocks; i++) expect(await sound.next()).toMatchObject({ done: false })
      await expect(sound.next()).rejects.toThrow(throwsCode(code, message))
      expect(decoder.freed).toBe(1)
    },
  )

  test('ignores a decoder that traps when it is freed', async () => {
    const decoder = new Fake()
    decoder.free = () => {
      throw new WebAssembly.RuntimeError('unreachable')
    }
    await expect(runDecoder(decoder, [-1], decode).next()).rejects.toThrow(throwsCode('CORRUPT_DATA'))
  })

  test('IO if WebAssembly cannot be run: the file is not the problem', async () => {
    const decoder = new Fake(Promise.reject(new Error('blocked by policy')))
    await expect(runDecoder(decoder, [1], decode).next()).rejects.toThrow(
      throwsCode('IO', /^the decoder could not be started: blocked by policy$/),
    )
  })
})
