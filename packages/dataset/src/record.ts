/** The metadata of a data set as plain data: `Dataset` and its records; and a data set with its sounds. */
import type { DecodedAudio } from '@esc/audio-io'

/** One labelled recording: a row of the data set's table. */
export interface ClipRecord {
  /** Unique in its data set. It is a bare file name without extension, and other files are named by it. */
  id: string
  /**
   * Path of the sound below the data set's folder of sounds: a bare name, or names with `/` between them. The readers of tables
   * refuse `..`, hidden names, absolute paths, drives and `\\`, so it never leads out of that folder.
   */
  filename: string
  /** The data set's own fold number, or `null` if it has none. */
  fold: number | null
  /** Index into {@link Dataset.labels}. */
  labelIndex: number
  /** The name of the class. */
  label: string
  /** The field recording that the clip was cut from (ESC-50's `src_file`). Clips of one group are called siblings. */
  group: string
  /** The table's other columns (ESC-50's `take`), by name, unchecked text; absent if there are none. */
  columns?: Readonly<Record<string, string>>
}

/**
 * A data set's table. Audio is not part of it: a record names a file, and `pathOf` of the opened data set gives its path.
 */
export interface Dataset {
  name: string
  /** Class names; `labelIndex` points here. */
  labels: string[]
  records: ClipRecord[]
  /** Whether the clips are computed. Results on computed clips say nothing about real sounds. */
  synthetic: boolean
}

/** A data set whose sounds are in memory, or made by a program. */
export interface SoundSource {
  dataset: Dataset
  /** @param index - Index into `dataset.records`. */
  read(index: number): DecodedAudio | Promise<DecodedAudio>
}
