/** Which training examples an epoch takes, in which order; and class weights of the training part. */
import type { FeatureSet, Rng } from '@esc/core'

/** How an epoch chooses its examples. */
export type Sampling = 'shuffled' | 'balanced'

export const samplings = ['shuffled', 'balanced'] as const

/**
 * Draws the order of an epoch.
 *
 * `shuffled` takes each example once. `balanced` takes as many examples as the training part has, from each class alike: if the number
 * does not divide, some classes, drawn anew each epoch, get one more. A class with few examples repeats them, all equally often; a class
 * with many leaves some out.
 *
 * @param train - Indices of the training part.
 * @returns Positions in the training part. `position + times · train.length` is the same example once more in this epoch.
 */
export function drawOrder(set: FeatureSet, train: Int32Array, sampling: Sampling, rng: Rng): Int32Array {
  if (sampling === 'shuffled') return rng.shuffle(Int32Array.from(train.keys()))
  const classes = [...positionsByClass(set, train).values()]
  const [share, left] = [Math.floor(train.length / classes.length), train.length % classes.length]
  const turns = rng.shuffle(Int32Array.from(classes.keys()))
  const order = new Int32Array(train.length)
  // Positions must fit into an Int32Array.
  const mostTimes = Math.floor((2 ** 31 - 1) / train.length)
  let next = 0
  for (const [turn, label] of turns.entries()) {
    const members = classes[label]!
    const count = share + (turn < left ? 1 : 0)
    for (let taken = 0; taken < count; taken += members.length) {
      const times = (taken / members.length) % mostTimes
      const shuffled = rng.shuffle(Int32Array.from(members)).subarray(0, count - taken)
      for (const position of shuffled) order[next++] = position + times * train.length
    }
  }
  return rng.shuffle(order)
}

/**
 * The weight `n / (k · count)` of each class, for `n` training examples in `k` classes. A class that does not occur has weight 1.
 *
 * @see scikit-learn 1.2 `compute_class_weight`; `classWeights` of `@esc/dataset` has the same formula.
 */
export function balancedWeights(set: FeatureSet, train: Int32Array): number[] {
  const classes = positionsByClass(set, train)
  return set.labels.map((_, label) => {
    const count = classes.get(label)?.length
    return count === undefined ? 1 : train.length / (classes.size * count)
  })
}

/** Positions in the training part by label index, classes in ascending order. */
function positionsByClass({ records }: FeatureSet, train: Int32Array): Map<number, number[]> {
  const classes = new Map<number, number[]>()
  for (const [position, index] of train.entries()) {
    const { labelIndex } = records[index]!
    const members = classes.get(labelIndex)
    if (members) members.push(position)
    else classes.set(labelIndex, [position])
  }
  return new Map([...classes].sort(([a], [b]) => a - b))
}
