/** The code that runs in a page's audio thread and hands the sound over to the page. */

const RECORDER = 'esc-recorder'

/** A quantum is 128 samples of 2.7 ms: a message for each would cost more than its sound. */
const QUANTA_PER_MESSAGE = 8

/**
 * Source text of the recorder: the mean of all channels, as {@link toMono} forms it, in messages of 8 quanta whose
 * memory is handed over. Where a source gives no channel for a while, the sound is silent, and time goes on.
 */
export const RECORDER_SOURCE = `
registerProcessor('${RECORDER}', class extends AudioWorkletProcessor {
  mono = null
  filled = 0
  process([channels], [output]) {
    const frames = output[0].length
    this.mono ??= new Float32Array(${QUANTA_PER_MESSAGE} * frames)
    for (let i = 0; i < frames; i++) {
      let sum = 0
      for (let channel = 0; channel < channels.length; channel++) sum += channels[channel][i]
      this.mono[this.filled++] = channels.length === 0 ? 0 : sum / channels.length
    }
    if (this.filled === this.mono.length) {
      this.port.postMessage(this.mono, [this.mono.buffer])
      this.mono = null
      this.filled = 0
    }
    return true
  }
})
`

/**
 * Makes a node that sends all sound that flows into it through its port, as mono `Float32Array`s; what flows out of it
 * is silent.
 *
 * @throws DOMException if the page's Content-Security-Policy does not allow scripts from `blob:`.
 * @example (await createRecorder(context)).port.onmessage = ({ data }) => use(data)
 */
export async function createRecorder(context: AudioContext): Promise<AudioWorkletNode> {
  const url = URL.createObjectURL(new Blob([RECORDER_SOURCE], { type: 'text/javascript' }))
  try {
    await context.audioWorklet.addModule(url)
  } finally {
    URL.revokeObjectURL(url)
  }
  return new AudioWorkletNode(context, RECORDER, { outputChannelCount: [1] })
}
