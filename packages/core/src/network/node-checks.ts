/** Checks of a network's nodes, whose errors name the node. */
import { EscError } from '../error.js'
import type { NetworkNode, Padding, Weight } from './graph.js'

/** Whether it can be the length of an axis. */
export const isSize = (size: number) => Number.isSafeInteger(size) && size >= 1

export function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}

/** The one shape that a layer reads. */
export function onlyInput(node: NetworkNode, inputs: readonly (readonly number[])[]): readonly number[] {
  if (inputs.length !== 1) throw badNode(node, `must read one value and reads ${inputs.length}`)
  return inputs[0]!
}

export function imageShape(node: NetworkNode, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3) throw badNode(node, `needs [channels, bins, frames] and reads [${shape}]`)
  return [shape[0]!, shape[1]!, shape[2]!]
}

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

export function expectNumber(
  node: NetworkNode,
  attribute: Readonly<Record<string, number>>,
  fits: boolean,
  rule: string,
): void {
  const [[name, value]] = Object.entries(attribute) as [[string, number]]
  if (!Number.isFinite(value) || !fits) throw badNode(node, `has ${name}=${value}; it must be ${rule}`)
}

export function weightShape(node: NetworkNode, key: string, weight: Weight, rank: number): readonly number[] {
  if (weight?.shape?.length !== rank || !weight.shape.every(isSize))
    throw badNode(node, `needs a ${key} of rank ${rank} and has ${describe(weight)}`)
  expectShape(node, key, weight, weight.shape)
  return weight.shape
}

export function expectShape(node: NetworkNode, key: string, weight: Weight, shape: readonly number[]): void {
  if (String(weight?.shape) !== String(shape) || weight.data?.length !== product(shape)) {
    throw badNode(node, `has a ${key} of ${describe(weight)}; it must be [${shape}]`)
  }
}

function describe(weight: Weight | undefined): string {
  return weight?.shape ? `shape [${weight.shape}] with ${weight.data?.length ?? 'no'} values` : 'none'
}

export function badNode(node: NetworkNode, what: string): EscError {
  return new EscError('INVALID_INPUT', `node '${node.name}' ${what}`, { detail: { node: node.name } })
}
