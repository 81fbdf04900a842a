/** Checks of the options that all architectures have. */
import { assertInteger, EscError, wrongOption } from '@esc/core'
import type { NetworkInput } from '../network/network.js'

/** Names of the options that every architecture has. */
export const inputNames = { bins: true, frames: true, classes: true, seed: true } as const

/** @throws EscError INVALID_OPTION if the input is too small for the network's pools, or there are fewer than two classes. */
export function checkSizes({ bins, frames, classes }: Omit<NetworkInput, 'seed'>, smallest: number): void {
  for (const [name, size] of Object.entries({ bins, frames })) {
    if (Number.isSafeInteger(size) && size >= smallest) continue
    throw wrongOption(name, size, `an integer >= ${smallest}, or nothing is left after pooling`)
  }
  assertInteger('classes', classes, 2)
}

/** @throws EscError INVALID_OPTION unless `filters` is a list of `count` integers in [1, 65536]. */
export function checkFilters(filters: readonly number[], count: number): void {
  if (!Array.isArray(filters) || filters.length !== count) {
    throw new EscError('INVALID_OPTION', `filters=${JSON.stringify(filters)} must be ${count} numbers`)
  }
  for (const [i, value] of filters.entries()) assertInteger(`filters[${i}]`, value, 1, 65_536)
}

/** @throws EscError INVALID_OPTION unless the kernel is odd: then it has a middle, and the output is as large as the input. */
export function checkKernel(kernel: number): void {
  assertInteger('kernel', kernel, 1, 31)
  if (kernel % 2 === 0) throw new EscError('INVALID_OPTION', `kernel=${kernel} must be odd`)
}
