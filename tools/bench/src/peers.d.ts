// Peers that ship no declarations.
declare module 'node-wav' {
  export function decode(bytes: Uint8Array): { sampleRate: number; channelData: Float32Array[] }
}
declare module '@echogarden/pffft-wasm/simd' {
  export default function PFFFT(): Promise<{
    _pffft_new_setup(size: number, kind: number): number
    _pffft_aligned_malloc(bytes: number): number
    _pffft_transform_ordered(
      setup: number,
      input: number,
      output: number,
      work: number,
      direction: number,
    ): void
  }>
}
declare module 'fft.js' {
  export default class FFT {
    constructor(size: number)
    transform(out: Float64Array, data: Float64Array): void
  }
}
