/** Draws the dropout masks; every engine gets the same. */
import { EscError, inferShapes, type NetworkGraph, type Rng } from '@esc/core'
import { sizeOf, type Tensor } from '@esc/onnx'
import type { StepBatch, StepResult, TrainingEngine } from './engine.js'

/** A batch with its dropout masks, as `node.mask`. */
export interface MaskedBatch extends StepBatch {
  masks: Readonly<Record<string, Tensor>>
}

/** A training engine that does not draw dropout masks itself, but gets them with each batch. */
export interface MaskedEngine<B extends MaskedBatch = MaskedBatch>
  extends Omit<TrainingEngine, 'name' | 'step' | 'findNonFinite'> {
  step(batch: B): Promise<StepResult>
  findNonFinite(batch: MaskedBatch): Promise<string | null>
}

/**
 * Makes a complete engine: draws the dropout masks and passes them to `engine`. Each step has its own generator, so a mask stays the
 * same if training is resumed, or if masks are drawn early.
 */
export function withDropout(
  graph: NetworkGraph,
  rng: Rng,
  name: string,
  engine: MaskedEngine,
): TrainingEngine {
  // Two sets of masks take turns: one is filled while a step reads the other.
  const sets = [createDropoutMasks(graph), createDropoutMasks(graph)] as const
  const draw = (step: number, clips: number) => ({
    step,
    clips,
    masks: sets[step % 2]!(clips, rng.fork(`step ${step}`)),
  })
  let steps = 0
  let drawn: ReturnType<typeof draw> | null = null
  return {
    ...engine,
    name,
    async step(batch) {
      const clips = batch.input.dims[0]!
      if (!(clips > 0)) {
        throw new EscError('INVALID_INPUT', `a batch of ${clips} clips; a step needs at least one`)
      }
      const { masks } = drawn?.step === steps && drawn.clips === clips ? drawn : draw(steps, clips)
      const running = engine.step({ ...batch, masks })
      drawn = draw(steps + 1, clips)
      const result = await running
      steps++
      return result
    },
    async restore(state) {
      await engine.restore(state)
      steps = state.steps
      drawn = null
    },
    findNonFinite(batch) {
      const { masks } = draw(Math.max(0, steps - 1), batch.input.dims[0]!)
      return engine.findNonFinite({ ...batch, masks })
    },
  }
}

/**
 * Returns a function that draws a mask for each Dropout node, as `node.mask`: 0 with probability `rate`, else `1 / (1 - rate)`, in
 * the order of nodes, clips and values. The next call overwrites the masks.
 */
export function createDropoutMasks(graph: NetworkGraph): (clips: number, rng: Rng) => Record<string, Tensor> {
  const shapes = inferShapes(graph)
  const layers = graph.nodes.flatMap((node) => {
    if (node.op !== 'Dropout') return []
    const { rate } = node.attributes
    return [{ name: `${node.name}.mask`, rate, shape: shapes.get(node.name)!, memory: new Float32Array() }]
  })
  return (clips, rng) =>
    Object.fromEntries(
      layers.map((layer): [string, Tensor] => {
        const { name, rate } = layer
        const dims = [clips, ...layer.shape]
        const size = sizeOf(dims)
        if (layer.memory.length < size) layer.memory = new Float32Array(size)
        const data = layer.memory.subarray(0, size)
        const kept = 1 / (1 - rate)
        for (let i = 0; i < size; i++) data[i] = rng.uniform() < rate ? 0 : kept
        return [name, { type: 'float32', dims, data }]
      }),
    )
}
