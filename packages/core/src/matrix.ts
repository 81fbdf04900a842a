/**
 * A feature as librosa shapes it: `data[bin * frames + frame]`, so that one bin's time series is contiguous.
 */
export interface FeatureMatrix {
  data: Float32Array
  bins: number
  frames: number
}

/** One training example: what dataset makes and model takes. */
export interface Example {
  /** Unique within its dataset; for ESC-50 layouts the file name without its extension. */
  id: string
  features: FeatureMatrix
  /** Index into the dataset's labels. */
  labelIndex: number
  /** The field recording the clip was cut from; examples of one group are siblings. */
  group: string
  /** The dataset's own fold number, or `null` where it has none. */
  fold: number | null
}
