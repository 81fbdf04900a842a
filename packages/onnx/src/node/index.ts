/** `@esc/onnx/node`: ONNX Runtime for Node. */
import { EscError, isEscError } from '@esc/core'
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { createGraphBuilder } from '../builder.js'
import { guarded, messageOf } from '../guarded.js'
import {
  assertSessionArguments,
  guardSession,
  type OnnxRuntime,
  type Session,
  type SessionOptions,
} from '../runtime.js'
import { floatData, floatTensor, type Tensor } from '../tensor.js'
import { writeModel } from '../write.js'

/**
 * ONNX Runtime's CPU kernels through `onnxruntime-node`, a peer dependency.
 *
 * A run blocks its JavaScript thread until it is done. Results that have a tensor in `outputs` are written into it. The
 * binding (1.30) still copies every result into new memory as well, so `outputs` saves no time.
 *
 * @example
 * const session = await ortRuntime.createSession(await readFile('model.onnx'))
 * const { logits } = await session.run({ input: { type: 'float32', dims: [1, 1, 13, 431], data } })
 */
export const ortRuntime: OnnxRuntime = {
  get name() {
    return `onnxruntime-node ${env.versions.node}`
  },
  createSession,
  channelBlock,
}

/** Looks at where two pixels of 16 channels stand after reordering: the first value of the second pixel comes behind a block. */
async function channelBlock(): Promise<number> {
  const [channels, pixels] = [16, 2]
  const g = createGraphBuilder({ name: 'channel block' })
  const input = g.input({ name: 'x', type: 'float32', dims: [1, channels, 1, pixels] })
  g.nodeWithOutputs('com.microsoft.nchwc.ReorderInput', [input], ['y'])
  g.output({ name: 'y', type: 'float32', dims: [1, channels, 1, pixels] })
  // Value `channel * pixels + pixel` says where it stood.
  const x = floatTensor(
    Float32Array.from({ length: channels * pixels }, (_, i) => i),
    [1, channels, 1, pixels],
  )
  try {
    const session = await createSession(writeModel(g.build()), { threads: 1 })
    const block = floatData(await session.run({ x }), 'y').indexOf(1)
    await session.release()
    return block === 8 || block === 16 ? block : 1
  } catch (error) {
    if (isEscError(error) && error.code === 'INCOMPATIBLE_MODEL') return 1
    throw error
  }
}

async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  assertSessionArguments(model, options)
  const { threads, training = false } = options
  const session = await guarded('refused the model', () =>
    InferenceSession.create(model, {
      executionProviders: ['cpu'],
      // Errors are thrown. Without this level, ONNX Runtime would also print them on the user's terminal, with warnings such
      // as «constant folding failed».
      logSeverityLevel: 4,
      // Threads without work sleep. Threads that spin until the next operator take a processor from the thread that
      // prepares the next batch, and from other programs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      // The highest optimisation level uses blocked layouts, which help convolutions with constant weights. In a training
      // step they would only reorder values around pools. The memory pattern, made from the first run, would need memory on
      // top of what that run took.
      ...(training ? { graphOptimizationLevel: 'extended', enableMemPattern: false } : {}),
    }),
  )
  const expected = new Map(session.outputMetadata.map((value) => [value.name, value]))
  return guardSession({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run(feeds, outputs = {}) {
      return guarded('could not run the model', async () => {
        for (const [name, tensor] of Object.entries(outputs)) assertFits(name, tensor, expected.get(name))
        const inputs = mapValues(feeds, (tensor, name) => ortTensor('input', name, tensor))
        const places = mapValues(outputs, (tensor, name) => ortTensor('output', name, tensor))
        const rest = Object.fromEntries(session.outputNames.map((name) => [name, null]))
        const results = await session.run(inputs, { ...rest, ...places })
        const made = mapValues(results, ({ type, dims, data }) => ({ type, dims, data }) as Tensor)
        return { ...made, ...outputs }
      })
    },
    release: () => session.release(),
  })
}

/** Checks type and fixed sizes of a given output: ONNX Runtime's own messages do not name it. It checks sizes that depend on inputs. */
function assertFits(
  name: string,
  { type, dims }: Tensor,
  expected: InferenceSession.ValueMetadata | undefined,
): void {
  if (!expected?.isTensor) throw new EscError('INCOMPATIBLE_MODEL', `the model has no output '${name}'`)
  const { shape } = expected
  const fits =
    type === expected.type &&
    dims.length === shape.length &&
    shape.every((size, axis) => typeof size === 'string' || size === dims[axis])
  if (!fits) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `output '${name}' is ${expected.type} [${shape}], but the tensor given for it is ${type} [${dims}]`,
    )
  }
}

function ortTensor(what: string, name: string, { type, data, dims }: Tensor): OrtTensor {
  if (data.buffer instanceof SharedArrayBuffer) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `${what} '${name}' is in shared memory, which onnxruntime-node does not accept; copy it`,
    )
  }
  try {
    return new OrtTensor(type as 'float32', data as Float32Array, dims)
  } catch (cause) {
    throw new EscError('INCOMPATIBLE_MODEL', `${what} '${name}': ${messageOf(cause)}`, { cause })
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A, key: string) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}
