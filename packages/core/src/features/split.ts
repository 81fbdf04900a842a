/** Which examples are for what: indices into one list of examples, disjoint. */
export interface Split {
  train: Int32Array
  validation?: Int32Array
  test: Int32Array
}
