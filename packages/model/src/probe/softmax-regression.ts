/** The objective of softmax regression with an L2 penalty: value, gradient, Hessian. */
import {
  addOuterProduct,
  choleskyInPlace,
  choleskySolve,
  multiplyTransposed,
  transposedMultiply,
} from './matrix.js'

/** What softmax regression is fitted to. All arrays are row-major. */
export interface RegressionProblem {
  /** [examples, width]: standardised features, and 1 in the last column, whose weights are the intercepts. */
  x: Float64Array
  width: number
  /** [examples, classes], all >= 0: how much each example counts for each class. */
  targets: Float64Array
  classes: number
  /** Inverse strength of the penalty, > 0. */
  C: number
}

/** The objective at one point, [classes, width]. */
export interface Place {
  point: Float64Array
  value: number
  gradient: Float64Array
  /** Softmax of the logits, [examples, classes]. */
  scores: Float64Array
}

/** A smooth, convex function of [classes, width] parameters. */
export interface Objective {
  size: number
  at(point: Float64Array): Place
  /** Multiplies a vector by the Hessian at a place. */
  hessianTimes(place: Place, vector: Float64Array): Float64Array
  /** Returns a function that multiplies a vector by an approximate inverse of the Hessian at a place, in place. */
  preconditioner(place: Place): (vector: Float64Array) => void
}

/**
 * The mean cross-entropy plus `w·w / (2 · C · total)`, where `total` is the sum of the targets. This is scikit-learn's
 * `w·w / 2 + C · Σ loss` divided by `C · total`. Intercepts are not penalised.
 *
 * @see scikit-learn 1.2, `sklearn/linear_model/_logistic.py`.
 */
export function softmaxObjective({ x, width, targets, classes, C }: RegressionProblem): Objective {
  const total = targets.reduce((sum, value) => sum + value, 0)
  const penalty = 1 / (C * total)
  const masses = Float64Array.from({ length: x.length / width }, (_, i) => {
    return targets.subarray(i * classes, (i + 1) * classes).reduce((sum, value) => sum + value, 0)
  })

  /** Adds the penalty's part of a gradient: all columns but that of the intercepts. */
  function addPenalty(gradient: Float64Array, point: Float64Array): void {
    for (let i = 0; i < point.length; i++) {
      if (i % width !== width - 1) gradient[i]! += penalty * point[i]!
    }
  }

  /** The Cholesky factor of the mean of the Hessian's diagonal blocks, [width, width]. A factor for each class would cost more than it saves. */
  function meanFactor({ scores }: Place): Float64Array {
    const block = new Float64Array(width * width)
    for (const [i, mass] of masses.entries()) {
      let curvature = 0
      for (let k = i * classes; k < (i + 1) * classes; k++) curvature += scores[k]! * (1 - scores[k]!)
      addOuterProduct(block, (mass * curvature) / (total * classes), x, i * width, width)
    }
    for (let i = 0; i < width - 1; i++) block[i * width + i]! += penalty
    choleskyInPlace(block, width, Number.EPSILON * penalty)
    return block
  }

  return {
    size: classes * width,
    at(point) {
      const scores = new Float64Array(targets.length)
      multiplyTransposed(scores, x, point, width)
      const loss = softmaxInPlace(scores, targets, classes)
      const residuals = scores.map((score, i) => {
        return (score * masses[Math.floor(i / classes)]! - targets[i]!) / total
      })
      const gradient = new Float64Array(point.length)
      transposedMultiply(gradient, residuals, x, width)
      addPenalty(gradient, point)
      const squares = point.reduce((sum, w, i) => (i % width === width - 1 ? sum : sum + w * w), 0)
      return { point, value: loss / total + (penalty / 2) * squares, gradient, scores }
    },
    hessianTimes({ scores }, vector) {
      const changes = new Float64Array(targets.length)
      multiplyTransposed(changes, x, vector, width)
      for (let i = 0; i < masses.length; i++) {
        let mean = 0
        for (let k = i * classes; k < (i + 1) * classes; k++) mean += scores[k]! * changes[k]!
        for (let k = i * classes; k < (i + 1) * classes; k++) {
          changes[k] = (masses[i]! / total) * scores[k]! * (changes[k]! - mean)
        }
      }
      const product = new Float64Array(vector.length)
      transposedMultiply(product, changes, x, width)
      addPenalty(product, vector)
      return product
    },
    preconditioner(place) {
      const factor = meanFactor(place)
      return (vector) => {
        for (let k = 0; k < classes; k++) choleskySolve(factor, width, vector, k * width)
      }
    },
  }
}

/** Turns logits into scores, and returns the sum of the cross-entropies. */
function softmaxInPlace(logits: Float64Array, targets: Float64Array, classes: number): number {
  let loss = 0
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY
    for (let k = start; k < start + classes; k++) largest = Math.max(largest, logits[k]!)
    let sum = 0
    for (let k = start; k < start + classes; k++) sum += Math.exp(logits[k]! - largest)
    const logSum = largest + Math.log(sum)
    for (let k = start; k < start + classes; k++) {
      loss += targets[k]! * (logSum - logits[k]!)
      logits[k] = Math.exp(logits[k]! - logSum)
    }
  }
  return loss
}
