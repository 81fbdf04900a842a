/** Kernels and vectors of channels in the order that the blocked layout needs. */
import type { StepBuilder } from '../step-builder.js'
import type { Convolution } from './convolution.js'
import { flipTaps } from './plain.js'

/** The kernels of a graph in the blocked layout. */
export interface BlockedKernels {
  /** A kernel for the forward pass. Asked again for the same kernel, it returns the same value. */
  forward(conv: Convolution, kernel: string): string
  /** The kernel that computes the input's gradient: flipped, and with its channel axes swapped. */
  backward(conv: Convolution, kernel: string): string
  /** Adds zeros for the channels that fill the last block. @param axis - Axis of the channels. @param rank - Number of axes. */
  widened(value: string, channels: number, axis?: number, rank?: number): string
  /** Takes the channels that fill the last block away. @param axis - Axis of the channels. */
  narrowed(value: string, channels: number, axis?: number): string
}

/** Whether images of so many channels are blocked: ONNX Runtime reorders multiples of 4, and at most half of the memory may be waste. */
export function canBlock(channels: number, block: number): boolean {
  return channels % 4 === 0 && 2 * channels >= block
}

/** @param block - Channels of a block, B. */
export function blockedKernels(g: StepBuilder, block: number): BlockedKernels {
  const widthOf = (channels: number) => Math.ceil(channels / block) * block
  const reshape = (value: string, dims: readonly number[]) => g.node('Reshape', [value, g.ints(dims)])
  const transpose = (value: string, perm: readonly number[]) =>
    g.node('Transpose', [value], { perm: { ints: perm } })
  const known = new Map<string, string>()

  /** [C, 1, kh, kw] becomes [C / B, taps, B]. */
  function depthwise({ kernelShape }: Convolution, kernel: string, flip: boolean): string {
    const [channels, , kh, kw] = kernelShape as [number, number, number, number]
    const wide = widened(reshape(kernel, [channels, kh * kw]), channels, 0, 2)
    const taps = flip ? flipTaps(g, wide, kh * kw, 1) : wide
    const blocks = transpose(reshape(taps, [-1, block, kh * kw]), [0, 2, 1])
    return reshape(blocks, [widthOf(channels), 1, kh, kw])
  }

  /** [O, I, kh, kw] becomes [O / B, I / B, taps, B of I, B of O]; if the input is not blocked, [O / B, I, taps, B of O]. */
  function dense({ kernelShape }: Convolution, kernel: string): string {
    const [filters, channels, kh, kw] = kernelShape as [number, number, number, number]
    const wide = widened(reshape(kernel, [filters, channels, kh * kw]), filters, 0, 3)
    if (!canBlock(channels, block)) {
      const blocks = transpose(reshape(wide, [-1, block, channels, kh * kw]), [0, 2, 3, 1])
      return reshape(blocks, [widthOf(filters), channels, kh, kw])
    }
    const blocks = transpose(inBlocks(widened(wide, channels, 1, 3), filters, channels), [0, 2, 4, 3, 1])
    return reshape(blocks, [widthOf(filters), widthOf(channels), kh, kw])
  }

  /** [O, I, kh, kw] becomes [I / B, O / B, flipped taps, B of O, B of I]. */
  function denseBackward({ kernelShape }: Convolution, kernel: string): string {
    const [filters, channels, kh, kw] = kernelShape as [number, number, number, number]
    const wide = widened(reshape(kernel, [filters, channels, kh * kw]), filters, 0, 3)
    const flipped = flipTaps(g, widened(wide, channels, 1, 3), kh * kw, 2)
    const blocks = transpose(inBlocks(flipped, filters, channels), [2, 0, 4, 1, 3])
    return reshape(blocks, [widthOf(channels), widthOf(filters), kh, kw])
  }

  /** [O / B, B, I / B, B, taps]. */
  function inBlocks(kernel: string, filters: number, channels: number): string {
    return reshape(kernel, [widthOf(filters) / block, block, widthOf(channels) / block, block, -1])
  }

  function widened(value: string, channels: number, axis = 0, rank = 1): string {
    const missing = widthOf(channels) - channels
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? missing : 0))
    return missing === 0 ? value : g.node('Pad', [value, g.ints(pads)])
  }

  const isDepthwise = ({ window }: Convolution) => window.group.int > 1
  return {
    forward(conv, kernel) {
      const made =
        known.get(kernel) ?? (isDepthwise(conv) ? depthwise(conv, kernel, false) : dense(conv, kernel))
      known.set(kernel, made)
      return made
    },
    backward: (conv, kernel) =>
      isDepthwise(conv) ? depthwise(conv, kernel, true) : denseBackward(conv, kernel),
    widened,
    narrowed: (value, channels, axis = 0) =>
      channels === widthOf(channels)
        ? value
        : g.node('Slice', [value, g.ints([0]), g.ints([channels]), g.ints([axis])]),
  }
}
