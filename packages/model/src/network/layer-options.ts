/** Options of the layers. */
import type { Padding, Size2 } from '@esc/core'

/** Options that every layer has. */
export interface LayerOptions {
  /** The node's name, unique in its network. @defaultValue the name of its kind, with a number if there are several: `relu2` */
  name?: string | undefined
}

/** One number for both rows and columns, or [rows, columns]. */
export type Size = number | Size2

/** Options that every convolution has. */
export interface ConvOptions extends LayerOptions {
  /** Rows and columns of the kernel. @defaultValue `3` */
  kernel?: Size | undefined
  /** How far the kernel moves from one output to the next. @defaultValue `1` */
  strides?: Size | undefined
  /** Distance between neighbouring values of the input that the kernel reads. @defaultValue `1` */
  dilations?: Size | undefined
  /**
   * `same` pads with zeros, so that there are ⌈size / stride⌉ outputs; `valid` does not pad.
   * @defaultValue `'same'`. Differs from Keras and PyTorch: their default does not pad.
   */
  padding?: Padding | undefined
}

/** Options of `conv2d`. */
export interface Conv2dOptions extends ConvOptions {
  /** Channels of the output. */
  filters: number
  /** Number of groups. A filter reads only the channels of its own group. @defaultValue `1` */
  groups?: number | undefined
}

/** Options of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends ConvOptions {
  /** Filters for each channel. @defaultValue `1` */
  multiplier?: number | undefined
}

/** Options of `separableConv2d`. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Channels of the output. */
  filters: number
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends LayerOptions {
  /** A small number that is added to the variance. @defaultValue `1e-5` */
  epsilon?: number | undefined
  /**
   * Weight of the newest batch in the running averages, in [0, 1]. Keras's `momentum` is one minus this.
   * @defaultValue `0.1`, as in PyTorch
   */
  momentum?: number | undefined
}

/** Options of `layerNorm`. */
export interface LayerNormOptions extends LayerOptions {
  /** How many axes are normalised, counted from the last. @defaultValue `1` */
  axes?: number | undefined
  /** A small number that is added to the variance. @defaultValue `1e-5` */
  epsilon?: number | undefined
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions extends LayerOptions {
  /** Slope for negative values. @defaultValue `0.01` */
  alpha?: number | undefined
}

/** Options of `maxPool` and `averagePool`. */
export interface PoolOptions extends LayerOptions {
  /** Rows and columns of the window. @defaultValue `2` */
  size?: Size | undefined
  /** How far the window moves from one output to the next. @defaultValue `size`: windows do not overlap */
  strides?: Size | undefined
  /**
   * `valid` leaves out rows and columns at the far edge that do not fill a window. `same` pads; padded values do not count.
   * @defaultValue `'valid'`
   */
  padding?: Padding | undefined
}

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The new shape, without the batch axis. It must hold as many values as the input. */
  shape: readonly number[]
}

/** Options of `dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** The share of values that training sets to 0, in [0, 1). @defaultValue `0.5` */
  rate?: number | undefined
}

/** Options of `dense`. */
export interface DenseOptions extends LayerOptions {
  /** Values of the output. */
  units: number
}
