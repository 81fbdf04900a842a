/** Measures the latency of a model: how long one input takes. */
import { assertInteger, assertKnown, assertSignal, wrongValue } from '@esc/core'
import { assertSession, assertTensor, type Session, singleInputName, type Tensor } from '@esc/onnx'

/** Wall-clock times of single runs. */
export interface Latency {
  /** Median, in milliseconds. */
  p50Ms: number
  /** 95th percentile, in milliseconds. */
  p95Ms: number
  /** Number of timed runs. */
  runs: number
}

/** Options of {@link measureLatency}. */
export interface LatencyOptions {
  /** Number of timed runs. @defaultValue `200` */
  runs?: number | undefined
  /** Number of untimed runs before the timed ones. @defaultValue `20` */
  warmup?: number | undefined
  /** Stops the measurement; the call then throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
}

/**
 * Runs a model on one input after another and reports the median and 95th percentile of the time a run takes.
 *
 * @param session - A session whose model has one input.
 * @param inputs - One or more inputs with a batch of 1. They are used in turn.
 * @throws EscError INVALID_OPTION if `runs` or the number of inputs is < 1, or `warmup` is not an integer >= 0;
 *   INCOMPATIBLE_MODEL if the model takes more than one input.
 * @example const { p50Ms } = await measureLatency(session, [{ type: 'float32', dims: [1, 1, 13, 431], data }])
 */
export async function measureLatency(
  session: Session,
  inputs: readonly Tensor[],
  options: LatencyOptions = {},
): Promise<Latency> {
  assertKnown('measureLatency', options, { runs: true, warmup: true, signal: true })
  const { runs = 200, warmup = 20, signal } = options
  assertInteger('runs', runs, 1)
  assertInteger('warmup', warmup, 0)
  assertSignal(signal)
  assertSession(session)
  if (!Array.isArray(inputs)) throw wrongValue('inputs', inputs, 'a list of tensors')
  assertInteger('inputs.length', inputs.length, 1)
  for (const [i, input] of inputs.entries()) assertTensor(`inputs[${i}]`, input)
  const name = singleInputName(session)
  const times = new Float64Array(runs)
  for (let run = -warmup; run < runs; run++) {
    signal?.throwIfAborted()
    const input = inputs[(run + warmup) % inputs.length]!
    const started = performance.now()
    await session.run({ [name]: input })
    if (run >= 0) times[run] = performance.now() - started
  }
  times.sort()
  const quantile = (q: number) => times[Math.min(runs - 1, Math.floor(q * runs))]!
  return { p50Ms: quantile(0.5), p95Ms: quantile(0.95), runs }
}
