/** Tells a model's data inputs from its weights. */
import { EscError } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type ValueInfo } from './model.js'
import { assertSession, type Session } from './runtime.js'

/**
 * The inputs that a caller must feed, in their order.
 *
 * Many exporters also list the weights as graph inputs, before or after the data. Files of IR version 3 had to do this, and
 * later files may do it, so that a caller can replace a weight. Such an input has a default value, the constant of the same name,
 * and need not be fed. All other inputs are data. `graph.inputs[0]` may be of either kind.
 *
 * @throws EscError INVALID_INPUT if `model` is not an `OnnxModel`.
 * @see ONNX IR specification, «Graphs»: an initializer with the name of a graph input is that input's default value.
 * @example const [{ name, dims }] = dataInputs(readModel(bytes)) // 'input', ['N', 1, 13, 431]
 */
export function dataInputs(model: OnnxModel): ValueInfo[] {
  assertOnnxModel('model', model)
  const { graph } = model
  return graph.inputs.filter(({ name }: ValueInfo) => !graph.initializers.has(name))
}

/**
 * The name of the one input that a loaded model takes. ONNX Runtime does not list weights in `inputNames`.
 *
 * @throws EscError INCOMPATIBLE_MODEL if there is no input, or naming the inputs if there are several; INVALID_INPUT if
 *   `session` is not a `Session`.
 * @example await session.run({ [singleInputName(session)]: input })
 */
export function singleInputName(session: Session): string {
  assertSession(session)
  const names = session.inputNames
  if (names.length !== 1) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `the model takes ${describeInputs(names)}; it must take one input, the features`,
    )
  }
  return names[0]!
}

/** `no data`, or `2 inputs, 'a' and 'b'`. */
function describeInputs(names: readonly string[]): string {
  if (names.length === 0) return 'no data'
  const quoted = names.map((name) => `'${name}'`)
  return `${names.length} inputs, ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
