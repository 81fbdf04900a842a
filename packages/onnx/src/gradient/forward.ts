/** Writes the forward pass of a training step, and decides in which layout each layer works. */
import { inferShapes, type NetworkGraph, namedWeights } from '@esc/core'
import { deadAtZero } from './dead-at-zero.js'
import type { TrainingNode } from './fuse.js'
import { type Blocking, blockedLayout } from './layouts/blocked.js'
import { canBlock } from './layouts/blocked-kernels.js'
import { isBlocked } from './layouts/choose.js'
import type { Layout } from './layouts/layout.js'
import { plainLayout } from './layouts/plain.js'
import type { BackwardResult, ForwardResult, RuleContext } from './rule.js'
import { ruleOf } from './rules.js'
import type { StepBuilder } from './step-builder.js'

/** A layer whose forward pass is written. */
export interface LayerForward extends ForwardResult {
  /** Whether `output` is an image in the blocked layout. The gradient that `backward` takes is in the same layout. */
  isBlocked: boolean
  /** Gradients of the inputs come back in the layouts that the inputs' own layers have. */
  backward(dOutput: string): BackwardResult
}

/**
 * Declares the network's input and weights, and writes the forward pass of every node in training mode.
 *
 * @param nodes - The nodes of the graph, fused or not.
 * @param blocking - `null` for the plain layout alone.
 * @returns Results by name of the node.
 */
export function writeForward(
  g: StepBuilder,
  graph: NetworkGraph,
  nodes: readonly TrainingNode[],
  blocking: Blocking | null,
): Map<string, LayerForward> {
  const { input } = graph
  g.input({ name: input.name, type: 'float32', dims: [blocking?.clips ?? 'N', ...input.shape] })
  for (const { name, weight } of namedWeights(graph)) g.input({ name, type: 'float32', dims: weight.shape })
  const fixed = blocking?.clips
  const batch = fixed === undefined ? countClips(g, input.name) : fixedClips(g, fixed)
  const shapes = inferShapes(graph)
  const dead = deadAtZero(graph.nodes)
  const plain = plainLayout(g)
  const blocked = blocking === null ? null : blockedLayout(g, blocking)
  const isImage = (shape: readonly number[]) =>
    blocking !== null && shape.length === 3 && canBlock(shape[0]!, blocking.channels)
  const converter = createConverter(blocked)

  const forward = new Map<string, LayerForward>()
  for (const node of nodes) {
    const inputShapes = node.inputs.map((name) => shapes.get(name)!)
    const outputShape = shapes.get(node.name)!
    const blockedInputs = node.inputs.map((name) => forward.get(name)?.isBlocked ?? false)
    const isDeadAtZero = dead.has(node.inputs[0]!)
    const situation = { inputShapes, outputShape, blockedInputs, isDeadAtZero }
    const block =
      blocking !== null && isBlocked(node, { ...situation, block: blocking.channels }) ? blocked : null
    // Inputs that cannot be blocked stay plain.
    const wanted = inputShapes.map((shape) => block !== null && isImage(shape))
    const inputs = node.inputs.map((name, i) =>
      converter.convert(forward.get(name)?.output ?? name, inputShapes[i]!, blockedInputs[i]!, wanted[i]!),
    )
    const needsGradient = node.inputs.map((name) => name !== input.name)
    const context = {
      g,
      layout: block ?? plain,
      ...batch,
      inputs,
      inputShapes,
      outputShape,
      isDeadAtZero,
      needsGradient,
    }
    const result = ruleOf(node)(context, node)
    forward.set(node.name, {
      ...result,
      isBlocked: block !== null && outputShape.length === 3,
      backward(dOutput) {
        const back = result.backward(dOutput)
        const gradients = back.inputs.map((gradient, i) =>
          gradient === null
            ? null
            : converter.convert(gradient, inputShapes[i]!, wanted[i]!, blockedInputs[i]!),
        )
        return { ...back, inputs: gradients }
      },
    })
  }
  return forward
}

type BatchSize = Pick<RuleContext, 'clips' | 'clipShares'>

/** The number of clips is known only when the step runs. */
function countClips(g: StepBuilder, input: string): BatchSize {
  const size = g.node('Shape', [input], { start: { int: 0 }, end: { int: 1 } })
  const clips = g.node('Reshape', [g.node('Cast', [size], { to: { int: 1 } }), g.ints([])])
  const row = g.node('Concat', [g.ints([1]), size], { axis: { int: 0 } })
  return { clips, clipShares: g.node('Expand', [g.node('Div', [g.filled(1), clips]), row]) }
}

function fixedClips(g: StepBuilder, clips: number): BatchSize {
  return { clips: g.filled(clips), clipShares: g.filled(1 / clips, [1, clips]) }
}

/** Converts values between the layouts; the same value only once. */
function createConverter(blocked: Layout | null) {
  const made = new Map<string, string>()
  return {
    convert(value: string, shape: readonly number[], isBlocked: boolean, wantBlocked: boolean): string {
      if (blocked === null || isBlocked === wantBlocked) return value
      const known = made.get(value)
      if (known !== undefined) return known
      const converted = wantBlocked ? blocked.fromPlain(value, shape) : blocked.toPlain(value, shape)
      made.set(value, converted)
      return converted
    },
  }
}
