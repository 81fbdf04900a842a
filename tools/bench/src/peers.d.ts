// Peers that ship no declarations.
declare module 'node-wav' {
  export function decode(bytes: Uint8Array): { sampleRate: number; channelData: Float32Array[] }
}
