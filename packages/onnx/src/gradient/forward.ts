/** Writes the forward pass of a training step, and decides in which layout each layer works. */
import { inferShapes, type NetworkGraph, type NetworkNode, namedWeights } from '@esc/core'
import { deadAtZero } from './dead-at-zero.js'
import type { TrainingNode } from './fuse.js'
import { type Blocking, blockedLayout } from './layouts/blocked.js'
import { canBlock } from './layouts/blocked-kernels.js'
import { worksInBlocks } from './layouts/choose.js'
import type { Layout } from './layouts/layout.js'
import { plainLayout } from './layouts/plain.js'
import type { BackwardResult, BatchSize, ForwardResult } from './rule.js'
import { ruleOf } from './rules.js'
import type { StepBuilder } from './step-builder.js'

/** Options of {@link writeForward}. */
export interface ForwardOptions {
  /** Names of layers that stay as they are. */
  frozen: ReadonlySet<string>
  /** `null` for the plain layout alone. */
  blocking: Blocking | null
}

/** A layer whose forward pass is written. Its output, and the gradient that `backward` takes, are in the layer's layout. */
export interface LayerForward extends ForwardResult {
  /** Whether the layer, or one below it, learns. Only then is the gradient of its output wanted. */
  learns: boolean
  /** Gradients of the inputs come back in the layouts of the layers that make them; `null` where none is wanted. */
  backward(dOutput: string): BackwardResult
}

/**
 * Declares the network's input and weights, and writes the forward pass of every node in training mode.
 *
 * @param nodes - The nodes of the graph, fused or not.
 * @returns Results by name of the node.
 */
export function writeForward(
  g: StepBuilder,
  graph: NetworkGraph,
  nodes: readonly TrainingNode[],
  { frozen, blocking }: ForwardOptions,
): Map<string, LayerForward> {
  const { input } = graph
  const fixed = blocking?.clips
  g.input({ name: input.name, type: 'float32', dims: [fixed ?? 'N', ...input.shape] })
  for (const { name, weight } of namedWeights(graph)) g.input({ name, type: 'float32', dims: weight.shape })
  const batch = fixed === undefined ? countedClips(g, input.name) : fixedClips(g, fixed)
  const plain = plainLayout(g)
  const blocked = blocking === null ? plain : blockedLayout(g, blocking)
  const convert = createConverter(blocked)
  const forward = new Map<string, LayerForward>()
  for (const plan of planLayouts(graph, nodes, blocking)) {
    const { node, inputShapes, madeBlocked, takenBlocked } = plan
    const values = node.inputs.map((name) => forward.get(name)?.output ?? name)
    const inputs = values.map((value, i) =>
      convert(value, inputShapes[i]!, madeBlocked[i]!, takenBlocked[i]!),
    )
    const needsGradient = node.inputs.map((name) => forward.get(name)?.learns ?? false)
    const owners = partsOf(node).filter(({ weights }) => Object.keys(weights).length > 0)
    // The owners of a fused layer are all frozen, or none is.
    const isFrozen = owners.some(({ name }) => frozen.has(name))
    const layout = plan.isBlocked ? blocked : plain
    const result = ruleOf(node)({ g, layout, batch, ...plan, inputs, needsGradient, isFrozen }, node)
    forward.set(node.name, {
      ...result,
      learns: (owners.length > 0 && !isFrozen) || needsGradient.includes(true),
      backward(dOutput) {
        const back = result.backward(dOutput)
        const gradients = back.inputs.map((gradient, i) =>
          gradient && needsGradient[i]
            ? convert(gradient, inputShapes[i]!, takenBlocked[i]!, madeBlocked[i]!)
            : null,
        )
        return { ...back, inputs: gradients }
      },
    })
  }
  return forward
}

/** The layers that a node stands for. */
function partsOf(node: TrainingNode): readonly NetworkNode[] {
  return 'parts' in node ? node.parts : [node]
}

/** A layer, its shapes, and its layout. */
interface LayerPlan {
  node: TrainingNode
  inputShapes: readonly (readonly number[])[]
  outputShape: readonly number[]
  isDeadAtZero: boolean
  /** Whether the layer works in the blocked layout. */
  isBlocked: boolean
  /** For each input, whether the layer that makes it gives it in the blocked layout. */
  madeBlocked: readonly boolean[]
  /** For each input, whether this layer takes it in the blocked layout. */
  takenBlocked: readonly boolean[]
}

/** Chooses a layout for each layer, in the order of the layers. */
function planLayouts(
  graph: NetworkGraph,
  nodes: readonly TrainingNode[],
  blocking: Blocking | null,
): LayerPlan[] {
  const shapes = inferShapes(graph)
  const dead = deadAtZero(graph.nodes)
  const inBlocks = new Set<string>()
  return nodes.map((node) => {
    const inputShapes = node.inputs.map((name) => shapes.get(name)!)
    const outputShape = shapes.get(node.name)!
    const isDeadAtZero = dead.has(node.inputs[0]!)
    const madeBlocked = node.inputs.map((name) => inBlocks.has(name))
    const plan = { node, inputShapes, outputShape, isDeadAtZero, madeBlocked }
    if (blocking === null || !worksInBlocks(node, { ...plan, block: blocking.channels })) {
      return { ...plan, isBlocked: false, takenBlocked: inputShapes.map(() => false) }
    }
    const isImage = (shape: readonly number[]) => shape.length === 3
    if (isImage(outputShape)) inBlocks.add(node.name)
    // An input that cannot be blocked stays plain.
    const takenBlocked = inputShapes.map((shape) => isImage(shape) && canBlock(shape[0]!, blocking.channels))
    return { ...plan, isBlocked: true, takenBlocked }
  })
}

/** The number of clips is known only when the step runs. Its operators are written when a rule asks for them. */
function countedClips(g: StepBuilder, input: string): BatchSize {
  let size: string | null = null
  let count: string | null = null
  let row: string | null = null
  function sizeOf(): string {
    size ??= g.node('Shape', [input], { start: { int: 0 }, end: { int: 1 } })
    return size
  }
  function clips(): string {
    count ??= g.node('Reshape', [g.node('Cast', [sizeOf()], { to: { int: 1 } }), g.ints([])])
    return count
  }
  function shares(): string {
    const dims = () => g.node('Concat', [g.ints([1]), sizeOf()], { axis: { int: 0 } })
    row ??= g.node('Expand', [g.node('Div', [g.filled(1), clips()]), dims()])
    return row
  }
  return { clips, shares }
}

function fixedClips(g: StepBuilder, clips: number): BatchSize {
  return { clips: () => g.filled(clips), shares: () => g.filled(1 / clips, [1, clips]) }
}

/** Makes a function that converts values between the layouts; the same value only once. */
function createConverter(blocked: Layout) {
  const made = new Map<string, string>()
  return (value: string, shape: readonly number[], isBlocked: boolean, wantBlocked: boolean): string => {
    if (isBlocked === wantBlocked) return value
    const convert = wantBlocked ? blocked.fromPlain : blocked.toPlain
    const converted = made.get(value) ?? convert(value, shape)
    made.set(value, converted)
    return converted
  }
}
