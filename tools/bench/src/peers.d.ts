/** Types of peers that have none. Those of fft.js stand in `@esc/dsp`. */
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
