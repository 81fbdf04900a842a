/** Brings a model of any exporter into the one form that calibration and quantisation work on. */
import { EscError } from '@esc/core'
import { dataInputs, floatTensor, type OnnxModel, type OnnxNode, type Tensor } from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { chooseOperators, dataOf, quantizedOps } from './operators.js'
import { spelledOut } from './spell-out.js'

const quantizers = /^(Dynamic)?Quantize|^Dequantize|^Q(Linear|Gemm|Attention)|Integer|NBits/

/** A model, and which of its operators become 8-bit. */
export interface Prepared {
  model: OnnxModel
  quantized: ReadonlySet<OnnxNode>
}

/**
 * The same model with all of its constants as initializers (ONNX's name of stored constants), and only its data as inputs.
 *
 * Weights that are also graph inputs become plain constants, because calibration holds only for the values that they have now.
 * The outputs of `Constant` also become plain constants, and so do those of `Identity` where it only renames a constant, as
 * PyTorch writes it for shared weights.
 *
 * @throws EscError CORRUPT_DATA if the model contradicts itself; INCOMPATIBLE_MODEL if it is quantised already;
 *   UNSUPPORTED_LAYER if a Conv or Gemm is not float32, or no operator can be quantised.
 */
export function prepare(given: OnnxModel): Prepared {
  checkModel(given)
  const at = given.graph.nodes.findIndex(({ opType }) => quantizers.test(opType))
  if (at >= 0) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `the model is quantised already: it has ${nameOf(given.graph.nodes[at]!)}; give the float32 model that it was made from`,
    )
  }
  const refuse = (node: OnnxNode, type: string): never => {
    throw unsupported(node, `takes ${type}, but only float32 can be quantised; export the model in float32`)
  }
  const plain = withPlainConstants(given)
  const model = spelledOut(plain, chooseOperators(plain, refuse))
  const quantized = chooseOperators(model, refuse)
  if (quantized.size === 0) {
    throw new EscError(
      'UNSUPPORTED_LAYER',
      `the model has no operator that can be quantised; those are ${quantizedOps.join(', ')} of float32`,
    )
  }
  return { model, quantized }
}

/** The names of all values that are rounded to 8 bits: the inputs and outputs of the operators that are quantised. */
export function quantizedValues({ quantized }: Prepared): Set<string> {
  return new Set([...quantized].flatMap((node) => [...dataOf(node), node.outputs[0]!]))
}

/**
 * IR version (version of the file format) of the oldest operator set that this package reads. Before version 4, constants had to be
 * graph inputs, too.
 */
const oldestIrVersion = 7

function withPlainConstants(model: OnnxModel): OnnxModel {
  const { graph } = model
  const initializers = new Map(graph.initializers)
  const results = new Set(graph.outputs.map(({ name }) => name))
  const renamed = new Map<string, string>()
  const nodes = graph.nodes.flatMap((node): OnnxNode[] => {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name)
    const [output = ''] = node.outputs
    const value = node.domain === '' && node.opType === 'Constant' ? constantOf(node) : null
    if (value) {
      initializers.set(output, value)
      return []
    }
    const isRename = node.domain === '' && node.opType === 'Identity' && initializers.has(inputs[0]!)
    if (isRename) renamed.set(output, inputs[0]!)
    return isRename && !results.has(output) ? [] : [{ ...node, inputs }]
  })
  return {
    ...model,
    irVersion: Math.max(model.irVersion, oldestIrVersion),
    graph: { ...graph, inputs: dataInputs(model), nodes, initializers },
  }
}

/** The tensor that a `Constant` holds, or null if it holds strings. */
function constantOf({ attributes }: OnnxNode): Tensor | null {
  const [value] = Object.values(attributes)
  if (!value || 'string' in value || 'strings' in value) return null
  if ('tensor' in value) return value.tensor
  if ('float' in value) return floatTensor([value.float], [])
  if ('floats' in value) return floatTensor(value.floats)
  const ints = 'int' in value ? [value.int] : value.ints
  return { type: 'int64', dims: 'int' in value ? [] : [ints.length], data: BigInt64Array.from(ints, BigInt) }
}

/** `node 'conv1' (Conv)`. Some exporters write no names for nodes, but every value has one. */
function nameOf({ name, opType, outputs }: OnnxNode): string {
  return `node '${name || outputs.find((output) => output !== '')}' (${opType})`
}

/** The error for an operator that cannot be quantised. */
export function unsupported(node: OnnxNode, what: string): EscError {
  return new EscError('UNSUPPORTED_LAYER', `${nameOf(node)}: ${what}`, { detail: { node: node.name } })
}
