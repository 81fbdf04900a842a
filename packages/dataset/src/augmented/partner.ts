/** Draws the example that another one is mixed with. It comes from the training part alone. */
import { type DrawContext, EscError, type FeatureSet, type Rng } from '@esc/core'

/**
 * Draws a partner for an example: an index of the training part.
 *
 * @param betweenClasses - Whether the partner must have another label.
 * @throws EscError INVALID_INPUT if the training part is not known, has no index of the set, or has one class and two are needed.
 */
export function drawPartner(
  { records }: FeatureSet,
  index: number,
  { train }: DrawContext,
  betweenClasses: boolean,
  rng: Rng,
): number {
  if (train === undefined || train.length === 0) {
    throw new EscError(
      'INVALID_INPUT',
      'mix needs the training part: get must receive its indices as context.train, so that no other example is mixed in',
    )
  }
  const { labelIndex } = records[index]!
  const isPartner = (other: number) => !betweenClasses || records[other]!.labelIndex !== labelIndex
  // Most draws fit at once. If there are few others, they are listed.
  for (let attempt = 0; attempt < 20; attempt++) {
    const other = train[rng.integer(train.length)]!
    assertRecord(records.length, other)
    if (isPartner(other)) return other
  }
  const others = train.filter(isPartner)
  if (others.length > 0) return others[rng.integer(others.length)]!
  throw new EscError(
    'INVALID_INPUT',
    'mix wants examples of two classes, and all examples of the training part have one label; use mixup, or add a class',
  )
}

function assertRecord(count: number, index: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return
  throw new EscError(
    'INVALID_INPUT',
    `context.train has ${index}, not an index of the set's ${count} examples`,
  )
}
