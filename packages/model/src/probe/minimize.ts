/** Minimises the objective of softmax regression: Newton's method, whose steps conjugate gradients find. */
import { addScaled, dot, maxAbs } from './matrix.js'
import type { Objective, Place } from './softmax-regression.js'

/** Where minimisation ended. */
export interface Minimum {
  point: Float64Array
  /** Largest absolute value of the gradient there. */
  gradientNorm: number
  /** Number of Newton steps. */
  iterations: number
  /** Whether the gradient reached the tolerance. */
  converged: boolean
}

/** Options of {@link minimize}. */
export interface MinimizeOptions {
  /** It has converged when no value of the gradient is larger than this. */
  tolerance: number
  maxIterations: number
  signal: AbortSignal | undefined
}

/** Most products with the Hessian for one step. A step that is cut short still goes down. */
const maxProducts = 200

/**
 * Finds the minimum, beginning at 0. Other work of the thread gets its turn between the steps.
 *
 * @throws The signal's reason.
 * @see Nocedal & Wright 2006, Numerical Optimization, algorithm 7.1 (line search Newton-CG).
 */
export async function minimize(
  objective: Objective,
  { tolerance, maxIterations, signal }: MinimizeOptions,
): Promise<Minimum> {
  let here = objective.at(new Float64Array(objective.size))
  let iterations = 0
  while (maxAbs(here.gradient) > tolerance && iterations < maxIterations) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    signal?.throwIfAborted()
    const next = searchLine(objective, here, newtonStep(objective, here))
    // Not even the smallest step goes down: the digits of float64 are used up.
    if (!next) break
    here = next
    iterations++
  }
  const gradientNorm = maxAbs(here.gradient)
  return { point: here.point, gradientNorm, iterations, converged: gradientNorm <= tolerance }
}

/** Solves `Hessian · step = -gradient`, more exactly the smaller the gradient is, so that the last steps converge fast. */
function newtonStep(objective: Objective, here: Place): Float64Array {
  const precondition = objective.preconditioner(here)
  const step = new Float64Array(objective.size)
  const residual = here.gradient.map((value) => -value)
  const size = Math.sqrt(dot(residual, residual))
  const enough = Math.min(0.1, Math.sqrt(size)) * size
  let direction = residual.slice()
  precondition(direction)
  let slope = dot(residual, direction)
  for (let product = 0; product < maxProducts && slope > 0; product++) {
    const image = objective.hessianTimes(here, direction)
    const length = slope / dot(direction, image)
    addScaled(step, length, direction)
    addScaled(residual, -length, image)
    if (Math.sqrt(dot(residual, residual)) <= enough) break
    const next = residual.slice()
    precondition(next)
    const nextSlope = dot(residual, next)
    addScaled(next, nextSlope / slope, direction)
    direction = next
    slope = nextSlope
  }
  return step
}

/**
 * Halves the step until the value is low enough (Armijo's condition). Near the minimum, values differ by less than their rounding;
 * there a smaller gradient is as good.
 *
 * @returns `null` if no step is.
 */
function searchLine(objective: Objective, here: Place, step: Float64Array): Place | null {
  const slope = dot(here.gradient, step)
  const rounding = 4 * Number.EPSILON * (1 + here.value)
  for (let size = 1; size > 1e-10; size /= 2) {
    const point = here.point.slice()
    addScaled(point, size, step)
    const there = objective.at(point)
    if (there.value <= here.value + 1e-4 * size * slope) return there
    const isLevel = there.value <= here.value + rounding
    if (isLevel && maxAbs(there.gradient) < maxAbs(here.gradient)) return there
  }
  return null
}
