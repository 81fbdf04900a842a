/** Losses over logits in differentiable tf ops: the same losses as in the training graph. */
import type { Distillation, LossOptions } from '@esc/onnx'
import * as tf from '@tensorflow/tfjs'

/** The smallest base of a focal power. A smaller base and a power < 1 would give an infinite slope. */
const smallest = 1e-12

/**
 * Mean loss of a batch.
 *
 * @param logits - [N, classes].
 * @param target - [N, classes].
 * @param teacherLogits - [N, classes]; `null` if the loss has no `distillation`.
 * @see LossOptions of `@esc/onnx` for the formulas.
 */
export function lossOf(
  logits: tf.Tensor2D,
  target: tf.Tensor2D,
  teacherLogits: tf.Tensor2D | null,
  options: LossOptions = {},
): tf.Scalar {
  const { kind = 'softmax', distillation = null } = options
  const own = kind === 'softmax' ? softmaxLoss(logits, target, options) : sigmoidLoss(logits, target, options)
  if (!distillation || !teacherLogits) return own
  const { weight } = distillation
  const fromTeacher = distillationLoss(logits, teacherLogits, distillation)
  return own.mul<tf.Scalar>(1 - weight).add(fromTeacher.mul(weight))
}

/** Mean over clips of `-Σ w · t · (1 - p)^gamma · log p`. */
function softmaxLoss(logits: tf.Tensor2D, target: tf.Tensor2D, options: LossOptions): tf.Scalar {
  const { labelSmoothing = 0, classWeights = null, focalGamma = 0 } = options
  const [clips, classes] = logits.shape
  const logP = tf.logSoftmax(logits)
  let parts: tf.Tensor = smooth(target, labelSmoothing, classes).mul(logP)
  if (classWeights) parts = parts.mul(tf.tensor1d([...classWeights]))
  if (focalGamma > 0) parts = parts.mul(focalFactor(logP.expm1().neg(), focalGamma))
  return parts.sum<tf.Scalar>().div(-clips)
}

/** Mean over clips and classes of the binary cross-entropy of each class. */
function sigmoidLoss(logits: tf.Tensor2D, target: tf.Tensor2D, options: LossOptions): tf.Scalar {
  const { labelSmoothing = 0, classWeights = null, focalGamma = 0 } = options
  const yes = smooth(target, labelSmoothing, 2)
  const no = yes.neg().add(1)
  let parts: tf.Tensor = yes.mul(logSigmoid(logits)).add(no.mul(logSigmoid(logits.neg())))
  if (classWeights) parts = parts.mul(tf.tensor1d([...classWeights]))
  if (focalGamma > 0) {
    const wrong = no.mul(tf.sigmoid(logits)).add(yes.mul(tf.sigmoid(logits.neg())))
    parts = parts.mul(focalFactor(wrong, focalGamma))
  }
  return parts.mean<tf.Scalar>().neg()
}

/** `temperature² · KL(softmax(teacher / temperature) ‖ softmax(logits / temperature))`, the mean over clips. */
function distillationLoss(
  logits: tf.Tensor2D,
  teacher: tf.Tensor2D,
  { temperature }: Distillation,
): tf.Scalar {
  const logQ = tf.logSoftmax(logits.div(temperature))
  const logP = tf.logSoftmax(teacher.div(temperature))
  const divergence = logP.exp().mul(logP.sub(logQ)).sum<tf.Scalar>()
  return divergence.mul(temperature ** 2 / logits.shape[0])
}

/** The logarithm of the sigmoid. The gradient of `tf.logSigmoid` would read its argument after tfjs has freed it. */
function logSigmoid(x: tf.Tensor): tf.Tensor {
  return tf.softplus(x.neg()).neg()
}

/** Label smoothing: takes a share from each target and spreads it evenly over the choices. */
function smooth(target: tf.Tensor, share: number, choices: number): tf.Tensor {
  return share === 0 ? target : target.mul(1 - share).add(share / choices)
}

function focalFactor(wrong: tf.Tensor, gamma: number): tf.Tensor {
  return wrong.clipByValue(smallest, 1).pow(gamma)
}
