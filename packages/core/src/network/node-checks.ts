/** Checks of a network's nodes. Their errors name the node. */
import { EscError } from '../error.js'
import type { NetworkNode, Padding, Weight } from './graph.js'

/** Whether a number can be the length of an axis. */
export const isSize = (size: number) => Number.isSafeInteger(size) && size >= 1

export function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}

/** Returns the input shape of a layer that has one input. */
export function onlyInput(node: NetworkNode, inputs: readonly (readonly number[])[]): readonly number[] {
  if (inputs.length !== 1) throw badNode(node, `must read one value and reads ${inputs.length}`)
  return inputs[0]!
}

/** Returns the shape of an image, after checking that it has three axes. */
export function imageShape(node: NetworkNode, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3) throw badNode(node, `needs [channels, bins, frames] and reads [${shape}]`)
  return [shape[0]!, shape[1]!, shape[2]!]
}

/** Checks attributes such as strides: each must be two integers >= 1. */
export function expectSizes(node: NetworkNode, sizes: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, values] of Object.entries(sizes)) {
    if (values?.length !== 2 || !values.every(isSize)) {
      throw badNode(node, `has ${name} [${values}]; it must be two integers >= 1`)
    }
  }
}

export function expectPadding(node: NetworkNode, padding: Padding): void {
  if (padding !== 'same' && padding !== 'valid') {
    throw badNode(node, `has padding ${JSON.stringify(padding)}; it must be 'same' or 'valid'`)
  }
}

/**
 * Checks one attribute.
 *
 * @param attribute - An object of one field: the attribute's name and its value.
 * @param fits - Whether the value is in its range.
 * @param rule - The range in words, for the message.
 */
export function expectNumber(
  node: NetworkNode,
  attribute: Readonly<Record<string, number>>,
  fits: boolean,
  rule: string,
): void {
  const [[name, value]] = Object.entries(attribute) as [[string, number]]
  if (!Number.isFinite(value) || !fits) throw badNode(node, `has ${name}=${value}; it must be ${rule}`)
}

/** Returns the shape of a weight, after checking its rank and that its data fill the shape. */
export function weightShape(node: NetworkNode, key: string, weight: Weight, rank: number): readonly number[] {
  if (weight?.shape?.length !== rank || !weight.shape.every(isSize))
    throw badNode(node, `needs a ${key} of rank ${rank} and has ${describe(weight)}`)
  expectShape(node, key, weight, weight.shape)
  return weight.shape
}

/** Checks that a weight has this shape, and as many values. */
export function expectShape(node: NetworkNode, key: string, weight: Weight, shape: readonly number[]): void {
  if (String(weight?.shape) !== String(shape) || weight.data?.length !== product(shape)) {
    throw badNode(node, `has a ${key} of ${describe(weight)}; it must be [${shape}]`)
  }
}

function describe(weight: Weight | undefined): string {
  return weight?.shape ? `shape [${weight.shape}] with ${weight.data?.length ?? 'no'} values` : 'none'
}

/** Makes the error for a node. `what` is the end of a sentence about the node. */
export function badNode(node: NetworkNode, what: string): EscError {
  return new EscError('INVALID_INPUT', `node '${node.name}' ${what}`, { detail: { node: node.name } })
}
