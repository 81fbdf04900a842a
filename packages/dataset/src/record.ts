/** The metadata of a data set, as plain data. */

/** One labelled recording: a row of the data set's table. */
export interface ClipRecord {
  /** File name without its extension; unique in its data set. */
  id: string
  /** A bare file name: no folder, no path separator. */
  filename: string
  /** The data set's own fold number, or `null` where it has none. */
  fold: number | null
  /** Index into {@link Dataset.labels}. */
  labelIndex: number
  label: string
  /** The field recording the clip was cut from (ESC-50's `src_file`); clips of one group are siblings. */
  group: string
}

/**
 * A data set's table. Audio is not part of it: a record names a file, and `openDataset` says where it lies.
 */
export interface Dataset {
  name: string
  /** Class names; `labelIndex` points here. */
  labels: string[]
  records: ClipRecord[]
  /** Whether the clips were computed, so that results on them say nothing about real sound. */
  synthetic: boolean
}
