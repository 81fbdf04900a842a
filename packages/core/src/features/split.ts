/** A split of examples into parts. */

/** Which examples are for training, validation and testing: indices into one list of examples. The parts are disjoint. */
export interface Split {
  train: Int32Array
  /** @defaultValue none: there is no validation part */
  validation?: Int32Array
  test: Int32Array
}
