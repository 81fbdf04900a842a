/** The length of each Vorbis packet, from its first bits and the list of modes at the end of the setup header. */

/** The modes of a stream. A packet names its mode, and the mode has a length. */
export interface VorbisModes {
  /** For each mode, the samples that its packets cover. */
  blocks: number[]
}

// A mode in bits: one for a long block, two types that must be 0, and a mapping that must be below 64.
const TYPES = 32
const MAPPING = 8
const MODE = 1 + TYPES + MAPPING
const MAX_MODES = 64
const COUNT = 6

/**
 * Reads the modes of a setup header, starting at its end. So the codebooks before them, of any length, need not be
 * read.
 *
 * @param setup - The third packet of the stream.
 * @returns `undefined` if no modes are found.
 * @see Vorbis I specification (2020), section 4.2.4; ffmpeg 5.1 `libavcodec/vorbis_parser.c`, which reads them like
 *   this.
 * @example readVorbisModes(setup, 256, 2048)?.blocks
 */
export function readVorbisModes(
  setup: Uint8Array,
  shortBlock: number,
  longBlock: number,
): VorbisModes | undefined {
  const bit = (at: number) => (at < 0 ? 0 : (setup[at >> 3]! >> (at & 7)) & 1)
  /** Reads a number of `width` bits from `at` on, its lowest bit first. */
  const read = (at: number, width: number) => {
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = value * 2 + bit(at + i)
    return value
  }
  // The framing bit is the last bit that is 1.
  let end = setup.length * 8 - 1
  while (end > 0 && bit(end) === 0) end--
  let found = 0
  for (let count = 1; count <= MAX_MODES; count++) {
    const at = end - count * MODE
    if (at < COUNT || read(at + 1 + TYPES, MAPPING) >= MAX_MODES || read(at + 1, TYPES) !== 0) break
    // The bits before the list state its length. Bits within the list can look the same by chance, so the longest
    // list counts.
    if (read(at - COUNT, COUNT) + 1 === count) found = count
  }
  if (found === 0) return undefined
  const start = end - found * MODE
  const blocks = Array.from({ length: found }, (_, i) => (bit(start + i * MODE) ? longBlock : shortBlock))
  return { blocks }
}

/**
 * Samples that a packet covers; `undefined` if it holds no sound or names an unknown mode.
 *
 * @example blockOfPacket(packet, { blocks: [256, 2048] })
 */
export function blockOfPacket(packet: Uint8Array, { blocks }: VorbisModes): number | undefined {
  const first = packet[0]
  if (first === undefined || first & 1) return undefined
  const width = blocks.length === 1 ? 0 : 32 - Math.clz32(blocks.length - 1)
  return blocks[(first >> 1) & (2 ** width - 1)]
}
