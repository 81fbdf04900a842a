/** The product of a basis (a matrix of constants, such as the DCT's) and a matrix of features. */
import type { FeatureMatrix } from '@esc/core'
import { createKernel, createLayout } from './kernel.js'

/** About how many numbers of the matrix the kernel takes at a time. */
const blockSize = 2 ** 17

/** Computes `basis · matrix`: shape [rows, frames], new storage. */
export type BasisProduct = (matrix: FeatureMatrix) => FeatureMatrix

/**
 * Plans `basis · matrix`. It uses WebAssembly where that is available.
 *
 * @param basis - Row-major, shape [rows, bins].
 * @example createBasisProduct(dctBasis(13, 128, 2, 'ortho'), 128)(logMel)
 */
export function createBasisProduct(basis: Float64Array, bins: number): BasisProduct {
  return createWasmProduct(basis, bins) ?? createScriptProduct(basis, bins)
}

function createWasmProduct(basis: Float64Array, bins: number): BasisProduct | null {
  const rows = basis.length / bins
  // The kernel takes two rows and four frames at a time. Results beyond the last row or frame are not read.
  const evenRows = rows + (rows % 2)
  const blockFrames = 4 * Math.ceil(blockSize / bins / 4)
  const { take, bytes } = createLayout()
  const basisAt = take(8 * evenRows * bins)
  const [dataAt, outAt] = [take(4 * bins * blockFrames), take(4 * evenRows * blockFrames)]
  const instance = createKernel(bytes())
  if (!instance) return null
  const { kernel, buffer } = instance
  new Float64Array(buffer, basisAt, basis.length).set(basis)
  const block = new Float32Array(buffer, dataAt, bins * blockFrames)
  const product = new Float32Array(buffer, outAt, rows * blockFrames)
  return ({ data, frames }) => {
    const out = new Float32Array(rows * frames)
    for (let from = 0; from < frames; from += blockFrames) {
      const count = Math.min(blockFrames, frames - from)
      const stride = 4 * Math.ceil(count / 4)
      copyRows(data, frames, from, block, stride, 0, bins, count)
      kernel.multiply(evenRows, bins, stride, basisAt, dataAt, outAt)
      copyRows(product, stride, 0, out, frames, from, rows, count)
    }
    return { data: out, bins: rows, frames }
  }
}

function copyRows(
  from: Float32Array,
  fromWidth: number,
  fromColumn: number,
  to: Float32Array,
  toWidth: number,
  toColumn: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * fromWidth + fromColumn
    to.set(from.subarray(start, start + columns), row * toWidth + toColumn)
  }
}

/** {@link createBasisProduct} without WebAssembly. It computes the same sums in the same order. */
export function createScriptProduct(basis: Float64Array, bins: number): BasisProduct {
  const rows = basis.length / bins
  return ({ data, frames }) => {
    const out = new Float32Array(rows * frames)
    const sums = new Float64Array(frames)
    for (let k = 0; k < rows; k++) {
      const v = k * bins
      sums.fill(0)
      let bin = 0
      for (; bin + 2 <= bins; bin += 2) {
        const [a, b] = [basis[v + bin]!, basis[v + bin + 1]!]
        const row = bin * frames
        for (let t = 0; t < frames; t++) sums[t]! += a * data[row + t]! + b * data[row + frames + t]!
      }
      if (bin < bins) for (let t = 0; t < frames; t++) sums[t]! += basis[v + bin]! * data[bin * frames + t]!
      out.set(sums, k * frames)
    }
    return { data: out, bins: rows, frames }
  }
}
