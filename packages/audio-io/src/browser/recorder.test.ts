import { expect, test } from 'vitest'
import { toMono } from '../channels.js'
import { recorderSource } from './recorder.js'

interface Processor {
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean
}

/** Runs the source text as an audio thread would, with quanta of `frames` samples. */
function record(quanta: readonly Float32Array[][], frames: number): Float32Array[] {
  const messages: Float32Array[] = []
  class AudioWorkletProcessor {
    port = {
      postMessage: (samples: Float32Array, transfer: Transferable[]) =>
        messages.push(structuredClone(samples, { transfer })),
    }
  }
  let recorder: Processor | undefined
  const registerProcessor = (_: string, Class: new () => Processor) => {
    recorder = new Class()
  }
  new Function('AudioWorkletProcessor', 'registerProcessor', recorderSource)(
    AudioWorkletProcessor,
    registerProcessor,
  )
  for (const channels of quanta)
    expect(recorder!.process([channels], [[new Float32Array(frames)]])).toBe(true)
  return messages
}

test.each([
  [0, 128],
  [1, 128],
  [2, 128],
  [3, 96],
])('%i channels, quanta of %i samples: a message holds the mean of 8 quanta', (channelCount, frames) => {
  const total = 20 * frames
  const channels = Array.from({ length: channelCount }, (_, channel) =>
    Float32Array.from({ length: total }, (_, i) => Math.sin((channel + 1) * i)),
  )
  const quanta = Array.from({ length: 20 }, (_, k) =>
    channels.map((samples) => samples.slice(k * frames, (k + 1) * frames)),
  )
  const messages = record(quanta, frames)
  const mono = channelCount === 0 ? new Float32Array(total) : toMono(channels)
  expect(messages).toEqual([mono.slice(0, 8 * frames), mono.slice(8 * frames, 16 * frames)])
})
