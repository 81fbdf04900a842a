/** Writes operators that have no 8-bit kernel as others that have one. */
import { type OnnxModel, type OnnxNode, scalar, type Tensor } from '@esc/onnx'

type Attributes = OnnxNode['attributes']
/** Adds an operator, and returns the name of its output, which is `output` if that is given. */
type Call = (opType: string, inputs: string[], attributes?: Attributes, output?: string) => string

/** What an operator may use while it is spelled out. */
interface Context {
  call: Call
  constant: (tensor: Tensor) => string
}
type Speller = (node: OnnxNode, context: Context) => void

/**
 * The same model, where the operators of `chosen` are spelled out:
 * - HardSigmoid is a straight line that is cut off: a product, a sum and a Clip. The product only changes the scale.
 * - HardSwish is the product of its input and a HardSigmoid.
 */
export function spelledOut(model: OnnxModel, chosen: ReadonlySet<OnnxNode>): OnnxModel {
  const { graph } = model
  const isSpelled = (node: OnnxNode) => chosen.has(node) && Object.hasOwn(spellers, node.opType)
  if (!graph.nodes.some(isSpelled)) return model
  const initializers = new Map(graph.initializers)
  const names = new Set([...initializers.keys(), ...graph.inputs.map(({ name }) => name)])
  for (const { outputs } of graph.nodes) for (const name of outputs) names.add(name)
  const fresh = (wish: string) => {
    let name = wish
    for (let index = 1; names.has(name); index++) name = `${wish}_${index}`
    names.add(name)
    return name
  }
  const nodes = graph.nodes.flatMap((node) => {
    if (!isSpelled(node)) return [node]
    const parts: OnnxNode[] = []
    const value = node.outputs[0]!
    spellers[node.opType]!(node, {
      call(opType, inputs, attributes = {}, output = fresh(`${value}_${opType}`)) {
        parts.push({ name: output, opType, domain: '', inputs, outputs: [output], attributes })
        return output
      },
      constant(tensor) {
        const name = fresh(`${value}_constant`)
        initializers.set(name, tensor)
        return name
      },
    })
    return parts
  })
  return { ...model, graph: { ...graph, nodes, initializers } }
}

const spellers: Readonly<Record<string, Speller>> = {
  HardSigmoid({ inputs, outputs, attributes }, context) {
    const alpha = numberOf(attributes, 'alpha', 0.2)
    hardSigmoid(context, inputs[0]!, alpha, numberOf(attributes, 'beta', 0.5), outputs[0])
  },
  HardSwish({ inputs, outputs }, context) {
    const gate = hardSigmoid(context, inputs[0]!, 1 / 6, 0.5)
    context.call('Mul', [inputs[0]!, gate], {}, outputs[0])
  },
}

function hardSigmoid(
  { call, constant }: Context,
  input: string,
  alpha: number,
  beta: number,
  output?: string,
): string {
  const line = call('Mul', [input, constant(scalar(alpha))])
  const limits = [constant(scalar(0)), constant(scalar(1))]
  return call('Clip', [call('Add', [line, constant(scalar(beta))]), ...limits], {}, output)
}

function numberOf(attributes: Attributes, name: string, fallback: number): number {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  return value && 'float' in value ? value.float : fallback
}
