/** Tables with an entry for every kind of layer. A table without an entry for one of them does not compile. */
import { EscError } from '../error.js'
import type { NetworkNode, NetworkOp } from './graph.js'

/** The node type of a kind of layer: `NodeOf<'Dense'>` is `DenseNode`. */
export type NodeOf<Op extends NetworkOp> = NetworkNode extends infer Node
  ? Node extends NetworkNode
    ? Op extends Node['op']
      ? Node
      : never
    : never
  : never

/** An entry for a kind of layer that the module with the table cannot handle. {@link unsupported} makes it. */
export interface Unsupported {
  readonly unsupported: string
}

/**
 * What a module does with each kind of layer. Every kind has an entry: a function, or {@link unsupported}.
 *
 * @example const ofDense: LayerTable<null, number>['Dense'] = ({ weights }) => weights.kernel.data.length
 */
export type LayerTable<Context, Result> = {
  readonly [Op in NetworkOp]: ((node: NodeOf<Op>, context: Context) => Result) | Unsupported
}

/**
 * Makes the entry of a table for a kind of layer that the module cannot handle.
 *
 * @param why - The reason, as the end of a sentence about the node: `has no tfjs layer`.
 * @example unsupported('has no tfjs layer') // { unsupported: 'has no tfjs layer' }
 */
export function unsupported(why: string): Unsupported {
  return { unsupported: why }
}

/**
 * Calls the function that a table has for the kind of a node.
 *
 * @param context - The second argument of the table's functions.
 * @throws EscError UNSUPPORTED_LAYER naming the node, if its kind is unknown or the table says that it is unsupported.
 * @example const result = applyLayer(table, node, context)
 */
export function applyLayer<Context, Result>(
  table: LayerTable<Context, Result>,
  node: NetworkNode,
  context: Context,
): Result {
  // A node may come from a file, so `op` may be any text, even `constructor`.
  const entry = Object.hasOwn(table, node.op) ? table[node.op] : unsupported('is of an unknown kind')
  if (typeof entry !== 'function') throw unsupportedLayer(node, entry.unsupported)
  return (entry as (node: NetworkNode, context: Context) => Result)(node, context)
}

/**
 * Makes the error for a node that cannot be handled.
 *
 * @param why - The reason, as the end of a sentence about the node.
 * @example throw unsupportedLayer({ name: 'conv1', op: 'Conv2D' }, 'has groups, which tfjs does not have')
 */
export function unsupportedLayer(
  { name, op }: Pick<NetworkNode, 'name'> & { op: string },
  why: string,
): EscError {
  return new EscError('UNSUPPORTED_LAYER', `node '${name}' (${op}) ${why}`, { detail: { node: name, op } })
}
