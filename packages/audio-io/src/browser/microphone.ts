/** Records from a microphone, block by block. */
import {
  type AudioClip,
  assertInteger,
  assertKnown,
  assertPositive,
  EscError,
  type EscErrorOptions,
} from '@esc/core'
import { createResampleStream } from '@esc/dsp'
import { createRecorder } from './recorder.js'
import { createBlockCutter, createSampleQueue, type SampleQueue } from './sample-queue.js'

/** Options of {@link microphone}. */
export interface MicrophoneOptions {
  /** Hz; `null` keeps the device's own rate. @defaultValue `22050` */
  sampleRate?: number | null
  /** Samples in each block. @defaultValue `1024` */
  blockFrames?: number
  /**
   * The id of a device in `navigator.mediaDevices.enumerateDevices()`.
   *
   * @defaultValue `undefined`: the device that the browser or its user picks
   */
  deviceId?: string
  /** How far the loop may fall behind, in seconds of sound. @defaultValue `5` */
  maxQueueSec?: number
  /** Ends the recording; the loop rejects with the signal's reason. @defaultValue `undefined`: nothing ends it */
  signal?: AbortSignal
}

/** Browsers start audio at once, if they start it at all. The slowest devices (Bluetooth) take a second or two. */
const startTimeoutMs = 5000

/** For each `DOMException` of `getUserMedia`, what the user can do. */
const advice: Readonly<Record<string, string>> = {
  NotAllowedError:
    'permission was denied; allow it in the settings of the browser and of the system, and for a frame by allow="microphone"',
  NotFoundError: 'none is connected',
  NotReadableError: 'it does not work, or another program uses it',
  OverconstrainedError:
    'no device has this deviceId; navigator.mediaDevices.enumerateDevices() lists all devices',
}

/**
 * Records from a microphone: mono blocks of one size, without gaps, until the loop is left or an error ends it. The
 * browser asks for permission when the loop requests the first block. When the loop ends, also by an error, the
 * device is released and the browser's recording light goes off.
 *
 * Differs from the browser's default: echo cancellation, noise suppression and automatic gain are off, because
 * features need the sound as it is. Channels are averaged. The browser records at the device's own rate, and
 * `@esc/dsp` resamples, so that features are the same in every browser. At 22050 Hz this delays the sound by about
 * 0.1 s.
 *
 * If the loop is slower than the sound, samples wait, up to `maxQueueSec`. Then the recording ends: the loop still
 * gets all recorded samples, and then rejects. So no sound is lost in silence.
 *
 * The page must be a secure context (https or localhost). The code of the audio thread is loaded from a Blob: if the
 * page has a Content-Security-Policy, it must allow `script-src blob:` (`worker-src` does not matter for worklets).
 *
 * @returns Blocks of exactly `blockFrames` samples, each with storage of its own.
 * @throws EscError INVALID_OPTION, at once, if an option is unknown, `sampleRate` or `maxQueueSec` is not > 0, or
 *   `blockFrames` is not a whole number >= 1; in the loop, if `sampleRate` is not within a factor of 256 of the
 *   device's.
 * @throws EscError IO, in the loop, if the page is no secure context, if the permission is denied, if there is no
 *   such device or it is unplugged, if the browser does not start audio or interrupts it, or if the loop falls
 *   behind. The message says what to do; `cause` is the browser's `DOMException` if there is one.
 * @throws The signal's reason.
 * @see W3C Media Capture and Streams; W3C Web Audio API 1.0, AudioWorklet.
 * @example
 * for await (const { samples, sampleRate } of microphone({ sampleRate: 22050, blockFrames: 1024, signal })) {
 *   console.log(samples.length / sampleRate)
 * }
 */
export function microphone(options: MicrophoneOptions = {}): AsyncGenerator<AudioClip, void, undefined> {
  assertKnown('microphone', options, {
    sampleRate: true,
    blockFrames: true,
    deviceId: true,
    maxQueueSec: true,
    signal: true,
  })
  const { sampleRate = 22050, blockFrames = 1024, maxQueueSec = 5 } = options
  if (sampleRate !== null) assertPositive('sampleRate', sampleRate)
  assertInteger('blockFrames', blockFrames, 1)
  assertPositive('maxQueueSec', maxQueueSec)
  return record({ ...options, sampleRate, blockFrames, maxQueueSec })
}

type Settings = MicrophoneOptions & { sampleRate: number | null; blockFrames: number; maxQueueSec: number }

async function* record(settings: Settings): AsyncGenerator<AudioClip, void, undefined> {
  const { signal } = settings
  signal?.throwIfAborted()
  const stream = await openStream(settings)
  try {
    const context = createContext(stream)
    try {
      const queue = await startRecording(stream, context, settings)
      const sampleRate = settings.sampleRate ?? context.sampleRate
      const resampler = createResampleStream(context.sampleRate, sampleRate)
      const cut = createBlockCutter(settings.blockFrames)
      while (true) {
        const recorded = await untilAborted(queue.read(), signal)
        for (const samples of cut(resampler.push(recorded))) {
          signal?.throwIfAborted()
          yield { samples, sampleRate }
        }
      }
    } finally {
      await context.close()
    }
  } finally {
    stop(stream)
  }
}

async function openStream({ deviceId, signal }: Settings): Promise<MediaStream> {
  const devices: MediaDevices | undefined = navigator.mediaDevices
  if (!devices) {
    throw new EscError('IO', 'cannot open a microphone: the page must be served over https or from localhost')
  }
  const asIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
  const audio = deviceId === undefined ? asIs : { ...asIs, deviceId: { exact: deviceId } }
  const opening = devices.getUserMedia({ audio })
  try {
    return await untilAborted(opening.catch(refuseDevice), signal)
  } catch (error) {
    // The user may still give permission after the loop has ended; then the device must be released.
    opening.then(stop, () => {})
    throw error
  }
}

function refuseDevice(cause: unknown): never {
  const { name, message } = cause as DOMException
  throw new EscError('IO', `cannot open a microphone: ${advice[name] ?? message}`, { cause })
}

function refuseRecorder(cause: unknown): never {
  const hint = "the page's Content-Security-Policy must allow script-src blob:"
  throw new EscError('IO', `cannot start the recorder; ${hint}`, { cause })
}

/**
 * Creates a context at the device's rate, if the browser states that rate. Firefox connects a microphone only to a
 * context of its own default rate.
 *
 * @see Mozilla bug 1674892.
 */
function createContext(stream: MediaStream): AudioContext {
  const { sampleRate } = stream.getAudioTracks()[0]!.getSettings()
  return new AudioContext(sampleRate === undefined ? {} : { sampleRate })
}

async function startRecording(
  stream: MediaStream,
  context: AudioContext,
  { maxQueueSec, signal }: Settings,
): Promise<SampleQueue> {
  const queue = createSampleQueue(maxQueueSec * context.sampleRate)
  const fail = (message: string, detail: EscErrorOptions['detail'] = {}) => {
    queue.fail(new EscError('IO', message, { detail }))
    stop(stream)
  }
  const recorder = await untilAborted(createRecorder(context).catch(refuseRecorder), signal)
  recorder.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
    if (queue.push(data)) return
    const behindSec = queue.frames / context.sampleRate
    const message = `the loop is ${behindSec.toFixed(2)} s behind the microphone, more than maxQueueSec=${maxQueueSec}; do less work in the loop, or raise maxQueueSec`
    fail(message, { behindSec, maxQueueSec })
  }
  recorder.onprocessorerror = () => fail('the recorder failed in the audio thread')
  stream.getAudioTracks()[0]!.onended = () =>
    fail('the microphone stopped: it was unplugged, or its permission was withdrawn')
  sourceOf(stream, context).connect(recorder)
  // WebKit runs a node only if it is connected to the destination. This node's output is silent.
  recorder.connect(context.destination)
  await startContext(context, signal)
  context.onstatechange = () => {
    if (context.state !== 'running')
      fail(`the browser interrupted the recording: its audio is ${context.state}`)
  }
  return queue
}

function sourceOf(stream: MediaStream, context: AudioContext): AudioNode {
  try {
    return context.createMediaStreamSource(stream)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const hint = 'in Firefox, turn off privacy.resistFingerprinting'
    throw new EscError('IO', `cannot record at ${context.sampleRate} Hz: ${reason}; ${hint}`, { cause })
  }
}

/** Starts audio. A page that records may do so; if a browser does not allow it, `resume` neither ends nor fails. */
async function startContext(context: AudioContext, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `the browser did not start audio in ${startTimeoutMs / 1000} s; call microphone() when the user clicks`
    timer = setTimeout(() => reject(new EscError('IO', message)), startTimeoutMs)
  })
  try {
    await untilAborted(Promise.race([context.resume(), late]), signal)
  } finally {
    clearTimeout(timer)
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

/** The result of `work`; rejects with the signal's reason as soon as the signal is aborted. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
