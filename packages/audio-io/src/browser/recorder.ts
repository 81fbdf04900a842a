/** The code that runs in a page's audio thread and sends the sound to the page. */

const recorderName = 'esc-recorder'

/** The audio thread works in quanta of 128 samples, or 2.7 ms. A message for each would cost more than its sound. */
const quantaPerMessage = 8

/**
 * Source text of the recorder. It sends the mean of all channels, as {@link toMono} computes it, in messages of 8
 * quanta, and transfers their memory. If the microphone has no channel for a while, it sends silence of the same
 * length.
 */
export const recorderSource = `
registerProcessor('${recorderName}', class extends AudioWorkletProcessor {
  mono = null
  filled = 0
  process([channels], [output]) {
    const frames = output[0].length
    this.mono ??= new Float32Array(${quantaPerMessage} * frames)
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
 * Creates a node that sends its input through its port, as mono `Float32Array`s. Its output is silent.
 *
 * @throws DOMException if the page's Content-Security-Policy does not allow scripts from `blob:`.
 * @example (await createRecorder(context)).port.onmessage = ({ data }) => console.log(data.length)
 */
export async function createRecorder(context: AudioContext): Promise<AudioWorkletNode> {
  const url = URL.createObjectURL(new Blob([recorderSource], { type: 'text/javascript' }))
  try {
    await context.audioWorklet.addModule(url)
  } finally {
    URL.revokeObjectURL(url)
  }
  return new AudioWorkletNode(context, recorderName, { outputChannelCount: [1] })
}
