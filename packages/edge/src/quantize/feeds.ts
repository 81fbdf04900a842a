/** Turns a calibration batch into the feeds of a model, and checks that they fit its inputs. */
import { EscError, hasField, typeOf, wrongValue } from '@esc/core'
import { assertTensor, dataInputs, type OnnxModel, type Tensor, type ValueInfo } from '@esc/onnx'

/** The inputs of one run of a model: a tensor if the model takes one input, or tensors by input name. */
export type CalibrationBatch = Tensor | Readonly<Record<string, Tensor>>

/**
 * The tensors of a batch by input name.
 *
 * @param observed - The model that runs. It has only the inputs that an operator reads.
 * @param given - The caller's model. A batch may also name its other inputs; they are left out.
 * @throws EscError INVALID_INPUT if an input is missing, unknown, or of another type or shape.
 */
export function feedsOf(
  batch: CalibrationBatch,
  { graph: { inputs } }: OnnxModel,
  given: OnnxModel,
): Record<string, Tensor> {
  const names = inputs.map(({ name }) => `'${name}'`).join(', ')
  const example = `{ ${inputs.map(({ name }) => `${JSON.stringify(name)}: …`).join(', ')} }`
  if (typeOf(batch) !== 'object')
    throw wrongValue('each of the batches', batch, 'a tensor, or tensors by input name')
  if (isTensor(batch)) {
    const [input, ...others] = inputs as [ValueInfo, ...ValueInfo[]]
    if (others.length > 0) throw invalid(`is one tensor, but the model takes ${names}; give ${example}`)
    return { [input.name]: fitting(batch, input) }
  }
  const known = new Set(dataInputs(given).map(({ name }) => name))
  const unknown = Object.keys(batch).find((name) => !known.has(name))
  if (unknown !== undefined)
    throw invalid(`has '${unknown}', which is not an input of the model; the model takes ${names}`)
  const feeds = inputs.map((input) => {
    const tensor = Object.hasOwn(batch, input.name) ? batch[input.name] : undefined
    if (tensor === undefined)
      throw invalid(`lacks '${input.name}'; the model takes ${names}, so give ${example}`)
    return [input.name, fitting(tensor, input)] as const
  })
  return Object.fromEntries(feeds)
}

function isTensor(batch: CalibrationBatch): batch is Tensor {
  return hasField(batch, 'dims') && hasField(batch, 'data')
}

function fitting(tensor: Tensor, { name, type, dims }: ValueInfo): Tensor {
  assertTensor(`'${name}' in the batches`, tensor)
  const sameRank = dims === null || dims.length === tensor.dims.length
  const axis = dims?.findIndex((size, i) => typeof size === 'number' && size !== tensor.dims[i]) ?? -1
  if (tensor.type === type && sameRank && axis < 0) return tensor
  const wanted = `${type} [${dims?.map((size) => size ?? '?').join(', ') ?? '…'}]`
  const isBatch = tensor.type === type && sameRank && axis === 0
  const hint = isBatch ? `; give batches of ${dims![0]}, or export the model with a free batch size` : ''
  throw invalid(`has ${tensor.type} [${tensor.dims.join(', ')}] for '${name}', which takes ${wanted}${hint}`)
}

function invalid(what: string): EscError {
  return new EscError('INVALID_INPUT', `one of the batches ${what}`)
}
