/**
 * Static 8-bit quantisation in QDQ form: each rounded value is written as a pair of operators, `QuantizeLinear` and
 * `DequantizeLinear`.
 */
import { assertKnown, wrongValue } from '@esc/core'
import { assertOnnxModel, type OnnxModel } from '@esc/onnx'
import type { Range } from './int8-activations.js'
import { roleOf } from './operators.js'
import { prepare } from './prepare.js'
import { QdqWriter } from './qdq-writer.js'
import { Rounding } from './rounding.js'

/** Options of {@link quantizeStatic}. */
export interface QuantizeOptions {
  /** One scale for each filter or unit, instead of one for each weight tensor. @defaultValue `true` */
  perChannel?: boolean
  /**
   * Uses 7 bits for weights instead of 8: x86 processors without VNNI instructions add pairs of 8-bit products in 16 bits, which
   * overflows with weights of the full range. Set it to false for devices whose kernels add in 32 bits (ARM).
   *
   * @defaultValue `true`
   */
  reduceRange?: boolean
}

/**
 * The model with 8-bit weights and activations. A pair of `QuantizeLinear` and `DequantizeLinear` (QDQ) stands around each
 * operator. Runtimes fuse these pairs and the operator into one integer kernel.
 *
 * Activations are uint8 with a zero point, weights are int8 and symmetric, biases are int32. These operators are quantised:
 * - Conv and Gemm. With `perChannel`, each filter has a scale of its own, also in depthwise and grouped convolutions.
 * - Add, Mul, Concat, AveragePool, GlobalAveragePool, Sigmoid, LeakyRelu. A constant that an Add or Mul reads becomes uint8. What
 *   only a Concat reads is rounded with the Concat's scale, so that the Concat copies bytes.
 * - HardSigmoid and HardSwish, which are written as Mul, Add and Clip.
 * - MaxPool, GlobalMaxPool, ReduceMax, Flatten, Reshape, Transpose, Squeeze, Unsqueeze: their output has the scale of their input.
 * - Relu, and Clip with constant limits. They are left out, because rounding to bytes cuts off at the same limits. A Clip stays
 *   if 0 is outside of its limits.
 *
 * What stays float, and why: the graph's outputs; a normaliser at the front, and all Add, Mul, Concat and activations whose
 * inputs no quantised operator makes or reads, because rounding them gains nothing; BatchNormalization that was not folded,
 * LayerNormalization and Softmax, whose precision 8 bits would harm; the weighted sum of attention pooling, because it works on one
 * value for each frame; MatMul. ONNX Runtime has no 8-bit kernels for Tanh and GlobalMaxPool: it runs them in float
 * between two roundings.
 *
 * Differs from ONNX Runtime's `quantize_static`: by default, scales are per channel and weights have 7 bits; activations are
 * uint8; the graph's outputs are not rounded. ONNX Runtime's documentation advises this for x86 without VNNI, where its own
 * defaults lose accuracy without a warning.
 *
 * The model may come from any exporter. Its constants may be initializers (also listed as graph inputs or not), `Constant`
 * nodes, or either behind an `Identity`. In the result, all constants are initializers and none is an input, so no weight can be
 * replaced any more. A Gemm may be `x · W`, or have factors. Operators of other domains or other element types stay as they
 * are.
 *
 * @param given - A float32 model. Every Conv and Gemm must have a constant weight, and its bias, if any, must be a constant.
 * @param ranges - What {@link calibrate} measured on the same model.
 * @throws EscError UNSUPPORTED_LAYER if a weight or bias is not a float32 constant, is not finite or has another shape, if a
 *   Gemm transposes its data, or if no operator can be quantised; INCOMPATIBLE_MODEL if the model is quantised already;
 *   CORRUPT_DATA if it contradicts itself; INVALID_INPUT if a value was not calibrated.
 * @see ONNX Runtime `quantize_static(quant_format=QDQ)`; Jacob et al. 2018.
 * @example const int8 = quantizeStatic(given, await calibrate(given, batches, { runtime: ortRuntime }))
 */
export function quantizeStatic(
  given: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  options: QuantizeOptions = {},
): OnnxModel {
  assertKnown('quantizeStatic', options, { perChannel: true, reduceRange: true })
  const { perChannel = true, reduceRange = true } = options
  assertOnnxModel('model', given)
  if (!(ranges instanceof Map)) throw wrongValue('ranges', ranges, 'a Map, as calibrate returns it')
  const prepared = prepare(given)
  const { model, quantized } = prepared
  const rounding = new Rounding(prepared, ranges)
  const writer = new QdqWriter(model, rounding)
  for (const node of model.graph.nodes) {
    if (!quantized.has(node)) writer.addFloat(node)
    else if (roleOf(node) === 'weights') writer.addWeighted(node, { perChannel, reduceRange })
    else if (roleOf(node) === 'limits') writer.addLimits(node)
    else writer.addQuantized(node)
    if (quantized.has(node) && rounding.isRounded(node.outputs[0]!)) writer.settle(node.outputs[0]!)
  }
  return {
    ...model,
    metadata: { ...model.metadata, quantization: JSON.stringify({ format: 'QDQ', perChannel, reduceRange }) },
    graph: { ...model.graph, nodes: writer.nodes, initializers: writer.usedInitializers() },
  }
}
