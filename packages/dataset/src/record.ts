/** The metadata of a data set, as plain data. */

/** One labelled recording: a row of the data set's table. */
export interface ClipRecord {
  /** Unique in its data set, and a bare file name without extension: other files are named by it. */
  id: string
  /**
   * Where the sound lies below the data set's folder of sounds: a bare name, or names with `/` between them. The readers of
   * tables refuse `..`, hidden names, absolute paths, drives and `\\`, so it never leads out of that folder.
   */
  filename: string
  /** The data set's own fold number, or `null` where it has none. */
  fold: number | null
  /** Index into {@link Dataset.labels}. */
  labelIndex: number
  label: string
  /** The field recording the clip was cut from (ESC-50's `src_file`); clips of one group are siblings. */
  group: string
  /** The table's other columns (ESC-50's `take`), by name, unchecked text; absent where there are none. */
  columns?: Readonly<Record<string, string>>
}

/**
 * A data set's table. Audio is not part of it: a record names a file, and `openDataset` (or `openFolderDataset`,
 * `openCsvDataset`) says where it lies.
 */
export interface Dataset {
  name: string
  /** Class names; `labelIndex` points here. */
  labels: string[]
  records: ClipRecord[]
  /** Whether the clips were computed, so that results on them say nothing about real sound. */
  synthetic: boolean
}
