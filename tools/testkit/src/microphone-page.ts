/** The part of the microphone's test that runs inside a page. The test bundles it, and calls it as `page`. */
import { type MicrophoneOptions, microphone } from '@esc/audio-io/browser'
import { isEscError } from '@esc/core'

/** Tracks and contexts that the browser has given to the page. */
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

/** The sound of a loop over the microphone, how the loop ended, and the state of the browser's devices after it. */
export interface Recording {
  sampleRate: number
  /** Length of each block. */
  lengths: number[]
  /** Number of different buffers that the blocks lie in. */
  storages: number
  samples: number[]
  /** Settings of the track after the first block. */
  settings: MediaTrackSettings
  error: { name: string; message: string; code?: string; detail?: unknown; cause?: string } | null
  tracks: string[]
  contexts: string[]
}

/** How a loop ended. */
export type Ending = Pick<Recording, 'lengths' | 'error' | 'tracks' | 'contexts'>

/** Loops over a microphone until `body` returns false or throws. `body` gets the number of blocks so far. */
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

/** An error as plain data: error objects cannot pass from a page to its test. */
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

  /** Aborts first, and then waits for the browser's answer, which comes too late. */
  async abortWhileAsked(): Promise<Ending> {
    const controller = new AbortController()
    const recording = record({ signal: controller.signal }, () => {})
    controller.abort(new RangeError('enough'))
    const { error, lengths } = await recording
    while (tracks.length === 0) await sleep(20)
    await sleep(0)
    return { error, lengths, tracks: tracks.map(({ readyState }) => readyState), contexts: [] }
  },

  /** Sleeps at the first block until the track ends, but at most `ms`. `whileAsleep` is the track's state after that. */
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

  /** Sends the event of a device that is gone. The browser sends none for a track that the page stops itself. */
  unplug: () =>
    record({}, () => {
      tracks[0]!.stop()
      tracks[0]!.dispatchEvent(new Event('ended'))
    }),

  /** Suspends the audio, as a system does during a telephone call. */
  interrupt: () => record({}, () => contexts[0]!.suspend()),

  /** Fails as Firefox does when its audio has another rate than the device. */
  refuseRate() {
    BrowserContext.prototype.createMediaStreamSource = () => {
      throw new DOMException('different sample-rate', 'NotSupportedError')
    }
    return record({}, () => false)
  },

  /** Audio that is not allowed never starts. Timers are made to run at once, so that the test need not wait. */
  neverStart() {
    const { setTimeout } = globalThis
    globalThis.setTimeout = ((run: () => void) => setTimeout(run, 0)) as typeof setTimeout
    BrowserContext.prototype.resume = () => new Promise(() => {})
    return record({}, () => false)
  },
}

export type Page = typeof page
Object.assign(globalThis, { page })
// The page itself starts this one: a call from outside would count as a click of the user.
if (location.search.includes('unasked')) Object.assign(globalThis, { unasked: page.collect({}, 1) })
