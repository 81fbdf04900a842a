import { expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { createScriptSteps, createVocoderSteps, type VocoderSteps } from './vocoder-steps.js'

test.each([1, 2, 5, 64, 1025])('%i bins have the same bits with and without WebAssembly', (bins) => {
  const [fast, plain] = [createVocoderSteps(bins), createScriptSteps(bins)]
  const both = (act: (steps: VocoderSteps) => void) => {
    for (const steps of [fast, plain]) act(steps)
    expect(fast.output).toEqual(plain.output)
  }
  for (let frame = 0; frame < 20; frame++) {
    const [re, im] = [noise(bins, 2 * frame), noise(bins, 2 * frame + 1)]
    // One bin is silent: it has a phase, too.
    re[0] = 0
    im[0] = 0
    both(({ input, load }) => {
      input.re.set(re)
      input.im.set(im)
      load(frame % 2 ? 'behind' : 'ahead', frame % 7 === 6)
    })
    if (frame % 3 === 0) both(({ swap }) => swap())
    if (frame % 5 > 1) both(({ advance }) => advance())
    both(({ interpolate }) => interpolate(frame / 20))
  }
  expect(fast.output.re.some((value) => value !== 0) || bins === 1).toBe(true)
})
