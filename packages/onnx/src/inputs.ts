/** What a model takes, as against what it brings along. */
import { EscError } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type ValueInfo } from './model.js'
import { assertSession, type Session } from './runtime.js'

/**
 * The inputs that a model must be fed, in their order.
 *
 * Many exporters also list the weights as graph inputs, before or behind the data: files of IR version 3 had to, and later
 * ones may, so that a caller can replace a weight. Such an input has a default, the constant of the same name, and need
 * not be fed. The others are the data. `graph.inputs[0]` may be either kind.
 *
 * @throws EscError INVALID_INPUT if `model` is no `OnnxModel`.
 * @see ONNX IR specification, «Graphs»: an initializer with the name of a graph input is that input's default value.
 * @example const [{ name, dims }] = dataInputs(readModel(bytes)) // 'input', ['N', 1, 13, 431]
 */
export function dataInputs(model: OnnxModel): ValueInfo[] {
  assertOnnxModel('model', model)
  const { graph } = model
  return graph.inputs.filter(({ name }: ValueInfo) => !graph.initializers.has(name))
}

/**
 * The name of the one input that a loaded model takes. ONNX Runtime does not count weights among `inputNames`.
 *
 * @throws EscError INCOMPATIBLE_MODEL naming the inputs if there are several, or telling that there is none; INVALID_INPUT if
 *   `session` is no `Session`.
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
