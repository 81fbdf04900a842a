/** Tables with an entry for every kind of layer: a kind that a table forgets does not compile. */
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

/** An entry for a kind of layer that the table's owner cannot handle; made by {@link unsupported}. */
export interface Unsupported {
  readonly unsupported: string
}

/**
 * What a module does with each kind of layer. Every kind has an entry: a function, or {@link unsupported}.
 *
 * @example const costs: LayerTable<null, number> = { Dense: ({ weights }) => weights.kernel.data.length, … }
 */
export type LayerTable<Context, Result> = {
  readonly [Op in NetworkOp]: ((node: NodeOf<Op>, context: Context) => Result) | Unsupported
}

/**
 * The entry of a table for a kind of layer that cannot be handled.
 *
 * @param why - The reason, as the end of a sentence about the node: `has no tfjs layer`.
 * @example const toLayer = { HardSwish: unsupported('has no tfjs layer'), … }
 */
export function unsupported(why: string): Unsupported {
  return { unsupported: why }
}

/**
 * Calls the entry of a table that a node's kind has.
 *
 * @param context - What the table's functions need besides the node.
 * @throws EscError UNSUPPORTED_LAYER naming the node, if its kind is unknown or the table says that it is unsupported.
 * @example const shape = applyLayer(shapeRules, node, inputShapes)
 */
export function applyLayer<Context, Result>(
  table: LayerTable<Context, Result>,
  node: NetworkNode,
  context: Context,
): Result {
  // A node may come from a file: `op` may be any text, `constructor` too.
  const entry = Object.hasOwn(table, node.op) ? table[node.op] : unsupported('is of an unknown kind')
  if (typeof entry !== 'function') throw unsupportedLayer(node, entry.unsupported)
  return (entry as (node: NetworkNode, context: Context) => Result)(node, context)
}

/**
 * The error for a node that cannot be handled.
 *
 * @param why - The end of a sentence about the node.
 * @example throw unsupportedLayer(node, 'has groups, which tfjs does not have')
 */
export function unsupportedLayer(
  { name, op }: Pick<NetworkNode, 'name'> & { op: string },
  why: string,
): EscError {
  return new EscError('UNSUPPORTED_LAYER', `node '${name}' (${op}) ${why}`, { detail: { node: name, op } })
}
