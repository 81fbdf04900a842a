/** Checks that a model is a graph that can run from top to bottom. */
import { EscError } from '@esc/core'
import type { OnnxModel } from './model.js'
import { sizeOf } from './tensor.js'

/**
 * Checks names and order: every value is made once and before it is read, every output exists, every constant fills its
 * shape. Shapes between operators are left to the runtime.
 *
 * @throws EscError CORRUPT_DATA naming the node or value.
 * @see ONNX IR specification, «Graphs»: single static assignment, nodes topologically sorted.
 * @example checkModel(readModel(bytes))
 */
export function checkModel({ graph }: OnnxModel): void {
  const bad = (what: string) => new EscError('CORRUPT_DATA', `graph '${graph.name}': ${what}`)
  const values = new Set<string>()
  for (const [name, tensor] of graph.initializers) {
    if (name === '') throw bad('a constant has no name')
    if (tensor.data.length !== sizeOf(tensor.dims)) {
      throw bad(`constant '${name}' has ${tensor.data.length} values for shape [${tensor.dims}]`)
    }
    values.add(name)
  }
  const inputs = new Set<string>()
  for (const { name } of graph.inputs) {
    if (name === '' || inputs.has(name)) throw bad(`input '${name}' is unnamed or declared twice`)
    inputs.add(name)
    // A constant may also be declared as an input: it is then that input's default.
    values.add(name)
  }
  graph.nodes.forEach((node, index) => {
    const label = `node ${index} '${node.name}' (${node.opType})`
    for (const name of node.inputs) {
      if (name !== '' && !values.has(name))
        throw bad(`${label} reads '${name}', which nothing before it makes`)
    }
    for (const name of node.outputs) {
      if (name === '') continue
      if (values.has(name)) throw bad(`${label} makes '${name}', which exists already`)
      values.add(name)
    }
  })
  if (graph.outputs.length === 0) throw bad('has no outputs')
  for (const { name } of graph.outputs) {
    if (!values.has(name)) throw bad(`output '${name}' is a value that nothing makes`)
  }
}
