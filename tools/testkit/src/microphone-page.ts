/** What the test of the microphone does inside a page; bundled, and called from outside as `page`. */
import { type MicrophoneOptions, microphone } from '@esc/audio-io/browser'
import { isEscError } from '@esc/core'

/** What the browser lent, as seen where it is lent. */
const tracks: MediaStreamTrack[] = []
const contexts: AudioContext[] = []

const BrowserContext = globalThis.AudioContext
globalThis.AudioContext = class extends BrowserContext {
  constructor(options?: AudioContextOptions) {
    super(options)
    contexts.push(this)
  }
}
if (navigator.mediaDevices) {
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints)
    tracks.push(...stream.getTracks())
    return stream
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What came out of a loop over the microphone, how it ended, and the state of the browser's devices then. */
export interface Recording {
  sampleRate: number
  /** Of each block. */
  lengths: number[]
  /** Different memories among the blocks. */
  storages: number
  samples: number[]
  /** What the track said of itself after the first block. */
  settings: MediaTrackSettings
  error: { name: string; message: string; code?: string; detail?: unknown; cause?: string } | null
  tracks: string[]
  contexts: string[]
}

/** The part of it that tells how a loop ended. */
export type Ending = Pick<Recording, 'lengths' | 'error' | 'tracks' | 'contexts'>

/** Loops over a microphone until `body`, told how many blocks there were, returns false or throws. */
async function record(options: MicrophoneOptions, body: (blocks: number) => unknown): Promise<Recording> {
  const blocks: Float32Array[] = []
  let rate = 0
  let settings: MediaTrackSettings = {}
  let error: Recording['error'] = null
  try {
    for await (const { samples, sampleRate } of microphone(options)) {
      rate = sampleRate
      if (blocks.push(samples) === 1) settings = tracks[0]!.getSettings()
      if ((await body(blocks.length)) === false) break
    }
  } catch (thrown) {
    error = describeError(thrown as Error)
  }
  return {
    sampleRate: rate,
    lengths: blocks.map(({ length }) => length),
    storages: new Set(blocks.map(({ buffer }) => buffer)).size,
    samples: blocks.flatMap((block) => [...block]),
    settings,
    error,
    tracks: tracks.map(({ readyState }) => readyState),
    contexts: contexts.map(({ state }) => state),
  }
}

/** Errors do not cross from a page to its test. */
function describeError(error: Error): Recording['error'] {
  const { name, message, cause } = error
  const facts = isEscError(error) ? { code: error.code, detail: error.detail } : {}
  return { name, message, ...facts, ...(cause instanceof Error ? { cause: cause.name } : {}) }
}

const page = {
  collect: (options: MicrophoneOptions, count: number) => record(options, (blocks) => blocks < count),

  throwInLoop: () =>
    record({}, () => {
      throw new RangeError('mine')
    }),

  abortInLoop() {
    const controller = new AbortController()
    return record({ signal: controller.signal }, () => {
      setTimeout(() => controller.abort(new RangeError('enough')), 0)
    })
  },

  abortBefore: () => record({ signal: AbortSignal.abort(new RangeError('enough')) }, () => {}),

  /** Then waits for the browser's answer, which comes too late. */
  async abortWhileAsked(): Promise<Ending> {
    const controller = new AbortController()
    const recording = record({ signal: controller.signal }, () => {})
    controller.abort(new RangeError('enough'))
    const { error, lengths } = await recording
    while (tracks.length === 0) await sleep(20)
    await sleep(0)
    return { error, lengths, tracks: tracks.map(({ readyState }) => readyState), contexts: [] }
  },

  /** Sleeps at the first block until the track ends, at most so long; `whileAsleep` is its state then. */
  async fallBehind(options: MicrophoneOptions, ms: number) {
    let whileAsleep = ''
    const recording = await record(options, async (blocks) => {
      if (blocks > 1) return
      const latest = performance.now() + ms
      while (tracks[0]!.readyState === 'live' && performance.now() < latest) await sleep(20)
      whileAsleep = tracks[0]!.readyState
    })
    return { ...recording, whileAsleep }
  },

  /** A track that a page stops itself does not say so; one whose device is gone does. */
  unplug: () =>
    record({}, () => {
      tracks[0]!.stop()
      tracks[0]!.dispatchEvent(new Event('ended'))
    }),

  /** As the system does to a page for the time of a telephone call. */
  interrupt: () => record({}, () => contexts[0]!.suspend()),

  /** As Firefox does where its audio has another rate than the device. */
  refuseRate() {
    BrowserContext.prototype.createMediaStreamSource = () => {
      throw new DOMException('different sample-rate', 'NotSupportedError')
    }
    return record({}, () => false)
  },

  /** Audio that is not allowed stays pending for ever; here time runs faster meanwhile. */
  neverStart() {
    const { setTimeout } = globalThis
    globalThis.setTimeout = ((run: () => void) => setTimeout(run, 0)) as typeof setTimeout
    BrowserContext.prototype.resume = () => new Promise(() => {})
    return record({}, () => false)
  },
}

export type Page = typeof page
Object.assign(globalThis, { page })
// Started by the page itself: calls from outside count as the user's clicks.
if (location.search.includes('unasked')) Object.assign(globalThis, { unasked: page.collect({}, 1) })
