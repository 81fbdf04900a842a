/** Which operators become 8-bit, and how each of them is treated. */
import type { OnnxModel, OnnxNode, Tensor } from '@esc/onnx'
import { inferTypes } from '@esc/onnx/inspect'

/**
 * How an operator is treated:
 * - `weights`: it has weights. It reads a rounded value, int8 weights and an int32 bias.
 * - `moves`: it only moves or chooses values. Its output has the scale of its input.
 * - `limits`: it cuts values off. Rounding cuts off at the ends of its range, too, so the operator can be left out.
 * - `computes`: it makes new values. Its inputs and its output are rounded.
 */
export type Role = 'weights' | 'moves' | 'limits' | 'computes'

interface Treatment {
  role: Role
  /** How many inputs hold data. The others are shapes, axes or limits. */
  dataInputs: number
  /**
   * The operator becomes 8-bit only if all of its data is rounded already, because an 8-bit operator made it or reads it, too.
   * Elsewhere it would be rounded without any gain: in a normaliser at the front, or inside of a LayerNorm written out.
   */
  follows: boolean
}

const leading = (role: Role): Treatment => ({ role, dataInputs: 1, follows: false })
const following = (role: Role, dataInputs = 1): Treatment => ({ role, dataInputs, follows: true })

/** Operators of the standard domain that can become 8-bit. */
const treatments: ReadonlyMap<string, Treatment> = new Map(
  Object.entries({
    Conv: leading('weights'),
    Gemm: leading('weights'),
    Relu: leading('limits'),
    MaxPool: leading('moves'),
    Flatten: leading('moves'),
    GlobalAveragePool: leading('computes'),
    Clip: following('limits'),
    // ONNX Runtime runs it in float. A ReduceMax of bytes, for which it has a kernel, is not faster.
    GlobalMaxPool: following('moves'),
    ReduceMax: following('moves'),
    Reshape: following('moves'),
    Squeeze: following('moves'),
    Transpose: following('moves'),
    Unsqueeze: following('moves'),
    Add: following('computes', 2),
    Mul: following('computes', 2),
    Concat: following('computes', Number.POSITIVE_INFINITY),
    AveragePool: following('computes'),
    LeakyRelu: following('computes'),
    Sigmoid: following('computes'),
    // Written as products, sums and a Clip: see spell-out.ts.
    HardSigmoid: following('computes'),
    HardSwish: following('computes'),
    // ONNX Runtime has no 8-bit kernel. It runs in float between two roundings, so that the operators around it are 8-bit.
    Tanh: following('computes'),
  }),
)

/** The names of all operators that can become 8-bit. */
export const quantizedOps: readonly string[] = [...treatments.keys()]

/** How an operator of {@link chooseOperators} is treated. */
export function roleOf({ opType }: OnnxNode): Role {
  return treatments.get(opType)!.role
}

/** The inputs of an operator of {@link chooseOperators} that hold data. */
export function dataOf({ opType, inputs }: OnnxNode): readonly string[] {
  return inputs.slice(0, treatments.get(opType)!.dataInputs)
}

/**
 * The operators that become 8-bit, among those of float32.
 *
 * @param refuse - Called for an operator with weights whose data has another type.
 */
export function chooseOperators(
  model: OnnxModel,
  refuse: (node: OnnxNode, type: string) => never,
): Set<OnnxNode> {
  const { nodes, initializers } = model.graph
  const types = inferTypes(model)
  const typeOf = (name: string) => types.get(name)?.type ?? 'float32'
  const isFloat = (node: OnnxNode) => dataOf(node).every((name) => typeOf(name) === 'float32')
  const candidates = nodes.filter(
    ({ domain, opType, outputs }) => domain === '' && treatments.has(opType) && outputs[0] !== '',
  )
  for (const node of candidates) {
    if (roleOf(node) === 'weights' && !isFloat(node)) refuse(node, typeOf(node.inputs[0]!))
  }
  const follows = ({ opType }: OnnxNode) => treatments.get(opType)!.follows
  const chosen = new Set(candidates.filter((node) => !follows(node) && isFloat(node)))
  // What these read is rounded, also where a float operator makes it.
  const rounded = new Set(
    [...chosen].filter((node) => roleOf(node) !== 'limits').map(({ inputs }) => inputs[0]!),
  )
  for (const node of candidates) {
    if (follows(node) && isFloat(node) && canFollow(node, rounded, initializers)) chosen.add(node)
    if (chosen.has(node)) rounded.add(node.outputs[0]!)
  }
  return new Set(candidates.filter((node) => chosen.has(node)))
}

function canFollow(
  node: OnnxNode,
  rounded: ReadonlySet<string>,
  constants: ReadonlyMap<string, Tensor>,
): boolean {
  if (roleOf(node) === 'limits' && limitsOf(node, constants) === null) return false
  const data = dataOf(node).filter((name) => !constants.has(name))
  return data.length > 0 && data.every((name) => rounded.has(name))
}

/** The numbers at which a Relu or Clip cuts off, or null if they are not constants. */
export function limitsOf(
  { opType, inputs }: OnnxNode,
  constants: ReadonlyMap<string, Tensor>,
): { min: number; max: number } | null {
  if (opType === 'Relu') return { min: 0, max: Number.POSITIVE_INFINITY }
  const [min, max] = [inputs[1] ?? '', inputs[2] ?? ''].map((name, i) => {
    if (name === '') return i === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    const tensor = constants.get(name)
    return tensor?.type === 'float32' ? tensor.data[0] : undefined
  })
  return min === undefined || max === undefined ? null : { min, max }
}
