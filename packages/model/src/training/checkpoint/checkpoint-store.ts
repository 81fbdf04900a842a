/** Where a training keeps its checkpoints. */

/**
 * Keeps the state of a training: `checkpointFile(path)` of `@esc/model/node`, or your own object that holds bytes.
 *
 * The bytes are a safetensors file. Its tensors are `state/node.weight` (present weights), `state/slot/node.weight` (the
 * optimiser's arrays), with `ema` `state/ema/node.weight` (averages), and `best/node.weight` (weights of the model so far). Its texts say which training this is and how far it
 * got. A digest covers all of it.
 *
 * Training goes on from a checkpoint only with the same network, examples and options; `epochs` may be larger. In `optimizer` and
 * `loss`, a number that is left out counts as different from its default written out. Functions (`augment`, `mix`, the
 * `learningRate` of later epochs) and the engine cannot be compared: the caller must pass the same ones.
 */
export interface CheckpointStore {
  /** Returns what was written last; `null` if nothing was written. */
  read(): Promise<Uint8Array | null>
  /** Replaces what was there by the bytes: all of them, or nothing changes. */
  write(bytes: Uint8Array): Promise<void>
}
