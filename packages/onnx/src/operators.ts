/** Signatures of the standard operators: how many inputs and outputs, which attributes, from which operator set on. */
import type { AttributeKind } from './model.js'

/** How an operator may be called. */
export interface OperatorSignature {
  /** First and last operator set it holds for; 13 stands for 13 or earlier, `Infinity` for the latest. */
  opsets: readonly [since: number, until: number]
  /** Fewest and most inputs; those up to the fewest may not be left out. */
  inputs: readonly [min: number, max: number]
  outputs: readonly [min: number, max: number]
  attributes: Readonly<Record<string, { kind: AttributeKind; required: boolean }>>
}

/**
 * The signature of a standard operator, or null if the table does not have it: operators on sequences, strings and
 * optional values, and those with subgraphs, are not in it.
 *
 * Where the operator is not in operator set `opset`, it is the signature nearest to it, whose `opsets` tell.
 *
 * @see `onnx.defs` of ONNX 1.23.1, against which the table was compared for operator sets 13 to 21.
 * @example operatorSignature('Conv', 17)?.inputs // [2, 3]
 */
export function operatorSignature(opType: string, opset: number): OperatorSignature | null {
  if (!Object.hasOwn(signatures, opType)) return null
  const known = signatures[opType]!.map(parseSignature)
  return known.findLast(({ opsets: [since] }) => since <= opset) ?? known[0]!
}

function parseSignature(line: string): OperatorSignature {
  const [opsets, inputs, outputs, ...attributes] = line.split(' ')
  const entries = attributes.map((item) => {
    const [name, kind] = item.split(':') as [string, string]
    return [name, { kind: kinds[kind[0]!]!, required: kind.endsWith('!') }] as const
  })
  const [since, until] = range(opsets!)
  return {
    opsets: [since, opsets!.includes('-') ? until : Number.POSITIVE_INFINITY],
    inputs: range(inputs!),
    outputs: range(outputs!),
    attributes: Object.fromEntries(entries),
  }
}

function range(text: string): [number, number] {
  const [min, max = min] = text.split('-') as [string, string | undefined]
  return [Number(min), max === '*' ? Number.POSITIVE_INFINITY : Number(max)]
}

const kinds: Readonly<Record<string, AttributeKind>> = {
  f: 'float',
  F: 'floats',
  i: 'int',
  I: 'ints',
  s: 'string',
  S: 'strings',
  t: 'tensor',
}

/**
 * By operator, one line for each change since operator set 13: `since inputs outputs attributes`. `2-3` is a range, `1-*`
 * one without end; attributes are `name:kind` by {@link kinds}' letters, `!` where required.
 */
const signatures: Readonly<Record<string, readonly string[]>> = {
  Abs: ['13 1 1'],
  Acos: ['13 1 1'],
  Acosh: ['13 1 1'],
  Add: ['13 2 1'],
  AffineGrid: ['20 2 1 align_corners:i'],
  And: ['13 2 1'],
  ArgMax: ['13 1 1 axis:i keepdims:i select_last_index:i'],
  ArgMin: ['13 1 1 axis:i keepdims:i select_last_index:i'],
  Asin: ['13 1 1'],
  Asinh: ['13 1 1'],
  Atan: ['13 1 1'],
  Atanh: ['13 1 1'],
  AveragePool: [
    '13 1 1 auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:I! pads:I strides:I',
    '19 1 1 auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I! pads:I strides:I',
  ],
  BatchNormalization: ['13 5 1-5 epsilon:f momentum:f', '14 5 1-3 epsilon:f momentum:f training_mode:i'],
  Bernoulli: ['15 1 1 dtype:i seed:f'],
  BitShift: ['13 2 1 direction:s!'],
  BitwiseAnd: ['18 2 1'],
  BitwiseNot: ['18 1 1'],
  BitwiseOr: ['18 2 1'],
  BitwiseXor: ['18 2 1'],
  BlackmanWindow: ['17 1 1 output_datatype:i periodic:i'],
  Cast: ['13 1 1 to:i!', '19 1 1 saturate:i to:i!'],
  CastLike: ['15 2 1', '19 2 1 saturate:i'],
  Ceil: ['13 1 1'],
  Celu: ['13 1 1 alpha:f'],
  CenterCropPad: ['18 2 1 axes:I'],
  Clip: ['13 1-3 1'],
  Col2Im: ['18 3 1 dilations:I pads:I strides:I'],
  Compress: ['13 2 1 axis:i'],
  Concat: ['13 1-* 1 axis:i!'],
  Constant: [
    '13 0 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S',
  ],
  ConstantOfShape: ['13 1 1 value:t'],
  Conv: ['13 2-3 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I'],
  ConvInteger: ['13 2-4 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I'],
  ConvTranspose: [
    '13 2-3 1 auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I',
  ],
  Cos: ['13 1 1'],
  Cosh: ['13 1 1'],
  CumSum: ['13 2 1 exclusive:i reverse:i'],
  DeformConv: ['19 3-5 1 dilations:I group:i kernel_shape:I offset_group:i pads:I strides:I'],
  DepthToSpace: ['13 1 1 blocksize:i! mode:s'],
  DequantizeLinear: ['13 2-3 1 axis:i', '21 2-3 1 axis:i block_size:i'],
  Det: ['13 1 1'],
  DFT: ['17 1-2 1 axis:i inverse:i onesided:i', '20 1-3 1 inverse:i onesided:i'],
  Div: ['13 2 1'],
  Dropout: ['13 1-3 1-2 seed:i'],
  DynamicQuantizeLinear: ['13 1 3'],
  Einsum: ['13 1-* 1 equation:s!'],
  Elu: ['13 1 1 alpha:f'],
  Equal: ['13 2 1'],
  Erf: ['13 1 1'],
  Exp: ['13 1 1'],
  Expand: ['13 2 1'],
  EyeLike: ['13 1 1 dtype:i k:i'],
  Flatten: ['13 1 1 axis:i'],
  Floor: ['13 1 1'],
  Gather: ['13 2 1 axis:i'],
  GatherElements: ['13 2 1 axis:i'],
  GatherND: ['13 2 1 batch_dims:i'],
  Gelu: ['20 1 1 approximate:s'],
  Gemm: ['13 2-3 1 alpha:f beta:f transA:i transB:i'],
  GlobalAveragePool: ['13 1 1'],
  GlobalLpPool: ['13 1 1 p:i'],
  GlobalMaxPool: ['13 1 1'],
  Greater: ['13 2 1'],
  GreaterOrEqual: ['13 2 1'],
  GridSample: ['16 2 1 align_corners:i mode:s padding_mode:s'],
  GroupNormalization: ['18 3 1 epsilon:f num_groups:i!', '21 3 1 epsilon:f num_groups:i! stash_type:i'],
  GRU: [
    '13 3-6 0-2 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i linear_before_reset:i',
    '14 3-6 0-2 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i layout:i linear_before_reset:i',
  ],
  HammingWindow: ['17 1 1 output_datatype:i periodic:i'],
  HannWindow: ['17 1 1 output_datatype:i periodic:i'],
  Hardmax: ['13 1 1 axis:i'],
  HardSigmoid: ['13 1 1 alpha:f beta:f'],
  HardSwish: ['14 1 1'],
  Identity: ['13 1 1'],
  InstanceNormalization: ['13 3 1 epsilon:f'],
  IsInf: ['13 1 1 detect_negative:i detect_positive:i'],
  IsNaN: ['13 1 1'],
  LayerNormalization: ['17 2-3 1-3 axis:i epsilon:f stash_type:i'],
  LeakyRelu: ['13 1 1 alpha:f'],
  Less: ['13 2 1'],
  LessOrEqual: ['13 2 1'],
  Log: ['13 1 1'],
  LogSoftmax: ['13 1 1 axis:i'],
  LpNormalization: ['13 1 1 axis:i p:i'],
  LpPool: [
    '13 1 1 auto_pad:s kernel_shape:I! p:i pads:I strides:I',
    '18 1 1 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! p:i pads:I strides:I',
  ],
  LRN: ['13 1 1 alpha:f beta:f bias:f size:i!'],
  LSTM: [
    '13 3-8 0-3 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i input_forget:i',
    '14 3-8 0-3 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i input_forget:i layout:i',
  ],
  MatMul: ['13 2 1'],
  MatMulInteger: ['13 2-4 1'],
  Max: ['13 1-* 1'],
  MaxPool: ['13 1 1-2 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I'],
  MaxRoiPool: ['13 2 1 pooled_shape:I! spatial_scale:f'],
  MaxUnpool: ['13 2-3 1 kernel_shape:I! pads:I strides:I'],
  Mean: ['13 1-* 1'],
  MeanVarianceNormalization: ['13 1 1 axes:I'],
  MelWeightMatrix: ['17 5 1 output_datatype:i'],
  Min: ['13 1-* 1'],
  Mish: ['18 1 1'],
  Mod: ['13 2 1 fmod:i'],
  Mul: ['13 2 1'],
  Multinomial: ['13 1 1 dtype:i sample_size:i seed:f'],
  Neg: ['13 1 1'],
  NegativeLogLikelihoodLoss: ['13 2-3 1 ignore_index:i reduction:s'],
  NonMaxSuppression: ['13 2-5 1 center_point_box:i'],
  NonZero: ['13 1 1'],
  Not: ['13 1 1'],
  OneHot: ['13 3 1 axis:i'],
  Or: ['13 2 1'],
  Pad: ['13 2-3 1 mode:s', '18 2-4 1 mode:s'],
  Pow: ['13 2 1'],
  PRelu: ['13 2 1'],
  QLinearConv: ['13 8-9 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I'],
  QLinearMatMul: ['13 8 1'],
  QuantizeLinear: [
    '13 2-3 1 axis:i',
    '19 2-3 1 axis:i saturate:i',
    '21 2-3 1 axis:i block_size:i output_dtype:i saturate:i',
  ],
  RandomNormal: ['13 0 1 dtype:i mean:f scale:f seed:f shape:I!'],
  RandomNormalLike: ['13 1 1 dtype:i mean:f scale:f seed:f'],
  RandomUniform: ['13 0 1 dtype:i high:f low:f seed:f shape:I!'],
  RandomUniformLike: ['13 1 1 dtype:i high:f low:f seed:f'],
  Range: ['13 3 1'],
  Reciprocal: ['13 1 1'],
  ReduceL1: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceL2: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceLogSum: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceLogSumExp: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceMax: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceMean: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceMin: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceProd: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceSum: ['13 1-2 1 keepdims:i noop_with_empty_axes:i'],
  ReduceSumSquare: ['13 1 1 axes:I keepdims:i', '18 1-2 1 keepdims:i noop_with_empty_axes:i'],
  Relu: ['13 1 1'],
  Reshape: ['13 2 1', '14 2 1 allowzero:i'],
  Resize: [
    '13 1-4 1 coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s',
    '18 1-4 1 antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s',
  ],
  ReverseSequence: ['13 2 1 batch_axis:i time_axis:i'],
  RNN: [
    '13 3-6 0-2 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i',
    '14 3-6 0-2 activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i layout:i',
  ],
  RoiAlign: [
    '13 3 1 mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f',
    '16 3 1 coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f',
  ],
  Round: ['13 1 1'],
  Scatter: ['9-10 3 1 axis:i'],
  ScatterElements: ['13 3 1 axis:i', '16 3 1 axis:i reduction:s'],
  ScatterND: ['13 3 1', '16 3 1 reduction:s'],
  Selu: ['13 1 1 alpha:f gamma:f'],
  Shape: ['13 1 1', '15 1 1 end:i start:i'],
  Shrink: ['13 1 1 bias:f lambd:f'],
  Sigmoid: ['13 1 1'],
  Sign: ['13 1 1'],
  Sin: ['13 1 1'],
  Sinh: ['13 1 1'],
  Size: ['13 1 1'],
  Slice: ['13 3-5 1'],
  Softmax: ['13 1 1 axis:i'],
  SoftmaxCrossEntropyLoss: ['13 2-3 1-2 ignore_index:i reduction:s'],
  Softplus: ['13 1 1'],
  Softsign: ['13 1 1'],
  SpaceToDepth: ['13 1 1 blocksize:i!'],
  Split: ['13 1-2 1-* axis:i', '18 1-2 1-* axis:i num_outputs:i'],
  Sqrt: ['13 1 1'],
  Squeeze: ['13 1-2 1'],
  STFT: ['17 2-4 1 onesided:i'],
  Sub: ['13 2 1'],
  Sum: ['13 1-* 1'],
  Tan: ['13 1 1'],
  Tanh: ['13 1 1'],
  ThresholdedRelu: ['13 1 1 alpha:f'],
  Tile: ['13 2 1'],
  TopK: ['13 2 2 axis:i largest:i sorted:i'],
  Transpose: ['13 1 1 perm:I'],
  Trilu: ['14 1-2 1 upper:i'],
  Unique: ['13 1 1-4 axis:i sorted:i'],
  Unsqueeze: ['13 2 1'],
  Upsample: ['9-9 2 1 mode:s'],
  Where: ['13 3 1'],
  Xor: ['13 2 1'],
}
