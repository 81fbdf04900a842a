/**
 * A feature as librosa shapes it: `data[bin * frames + frame]`, so that one bin's time series is contiguous.
 */
export interface FeatureMatrix {
  data: Float32Array
  bins: number
  frames: number
}
