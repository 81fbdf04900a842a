/** What every layout offers: how images lie in memory, and the operators that work on them there. */
import type { Size2 } from '@esc/core'
import type { Convolution } from './convolution.js'

/** Factor and summand of each channel, names of values [C]. */
export interface Affine {
  scale: string
  shift: string
  /** Name of a value with the shape of the image, which is added, too. */
  plus?: string
  /** ReLU is applied to the result. */
  relu?: boolean
}

/**
 * How images lie in memory. Every value that has the form of an image [N, C, H, W] is in one layout; vectors and weights are the same in
 * all layouts. Operators that work on each value alone do not care, so rules write them themselves.
 *
 * Shapes are those of one clip, [C, H, W]; a batch normalisation may also give [C].
 */
export interface Layout {
  /** An image of the plain layout, in this layout. A vector stays as it is. */
  fromPlain(value: string, shape: readonly number[]): string
  /** An image of this layout, in the plain layout. */
  toPlain(value: string, shape: readonly number[]): string

  /** @param weights - Names of values to use instead of the convolution's own kernel, and of its bias [filters]. */
  convolve(conv: Convolution, input: string, weights?: { kernel?: string; bias?: string }): string
  /** The gradient of a convolution's input. @param kernel - Name of the kernel, or of another value with its shape. */
  inputGradient(conv: Convolution, kernel: string, dOutput: string): string
  /** The gradient of a convolution's kernel, with the kernel's shape. */
  kernelGradient(conv: Convolution, input: string, dOutput: string): string

  /** The sum of each channel over pixels and clips, [C]. */
  channelSum(value: string, shape: readonly number[]): string
  /** The sum of the products of two images for each channel, over pixels and clips, [C]. */
  channelDot(a: string, b: string, shape: readonly number[]): string
  /** `value · scale + shift` for each channel. */
  affine(value: string, shape: readonly number[], affine: Affine): string
  /** The mean of each channel over the pixels, [N, C]. */
  pixelMean(value: string, shape: readonly number[]): string
  /** An image whose pixels all have the values of a vector [N, C]. @param shape - Shape of the image. */
  fillPixels(vector: string, shape: readonly number[]): string

  /** A vector [N, C] as a value that can be multiplied with an image, or added to it. @param shape - Shape of the image. */
  besideImage(vector: string, shape: readonly number[]): string
  /** Multiplies each pixel by a number. @param factors - [H × W]. @param name - Name of the constant that holds the factors. */
  timesPixels(value: string, shape: readonly number[], factors: Float32Array, name: string): string
  /** The first rows and columns. */
  crop(value: string, shape: readonly number[], size: Size2): string
  /** Adds rows and columns of zeros behind the last ones. @param size - Rows and columns of the result. */
  extend(value: string, shape: readonly number[], size: Size2): string
  /** Max pooling with windows that lie side by side. */
  maxPoolTiles(value: string, size: Size2): string
  /** Repeats each pixel, so that it fills a window of this size. */
  repeatPixels(value: string, size: Size2): string
}
