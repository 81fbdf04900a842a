/** Finds values whose gradient does not matter where they are 0. */
import type { NetworkNode } from '@esc/core'

/**
 * Names of the values that are never negative, and where a 0 comes from ReLUs that are 0 themselves. ReLU lets no gradient through
 * there. So it does not matter what gradient such a zero gets, and max pooling need not find the first of several zeros.
 */
export function deadAtZero(nodes: readonly NetworkNode[]): ReadonlySet<string> {
  const dead = new Set<string>()
  for (const { op, name, inputs } of nodes) {
    const isSource = op === 'ReLU' || op === 'ReLU6'
    const keepsIt = op === 'MaxPool' || op === 'Dropout' || op === 'Add' || op === 'Concatenate'
    if (isSource || (keepsIt && inputs.every((input) => dead.has(input)))) dead.add(name)
  }
  return dead
}
