/**
 * Seeded random numbers. Every random choice in `@esc/*` takes a seed or an {@link Rng}. The same seed gives the same
 * bits on every machine, except for `normal`: it uses `Math.log` and `Math.cos`, whose last digit may differ between engines.
 */
import { assertInteger } from './check/options.js'
import { hasField, wrongOption, wrongValue } from './check/wrong-value.js'
import { EscError } from './error.js'

/** The whole state of a generator, as JSON: four 32-bit words, and two words that its forks are made from. */
export type RngState = readonly [number, number, number, number, number, number]

/**
 * A seeded generator of random numbers.
 *
 * @see Chris Doty-Humphrey, PractRand, `sfc32` (a 128-bit small fast counting generator).
 * @example const rng = createRng(42); rng.uniform(); rng.shuffle(new Int32Array([0, 1, 2]))
 */
export interface Rng {
  /** A number in [0, 1), with 32 random bits. */
  uniform(): number
  /** A whole number in [0, bound), without bias. */
  integer(bound: number): number
  /** A normal deviate with mean 0 and standard deviation 1 (Box–Muller). */
  normal(): number
  /** Shuffles in place (Fisher–Yates) and returns its argument. */
  shuffle<T extends Int32Array | unknown[]>(items: T): T
  /** Makes a new generator. Its numbers depend on the seed and the label, not on how many numbers were drawn before. */
  fork(label: string): Rng
  /** Returns the state, for checkpoints: `createRng(rng.state())` continues with the next number of this generator. */
  state(): RngState
}

/**
 * Creates a generator from a seed, or from a saved state.
 *
 * @param seed - A whole number in [0, 2^53), or an {@link RngState}.
 * @throws EscError INVALID_OPTION if the seed is neither.
 * @example createRng(42).integer(10)
 */
export function createRng(seed: number | RngState): Rng {
  if (typeof seed !== 'number') {
    if (!Array.isArray(seed)) throw wrongOption('seed', seed, 'an integer >= 0, or the state of an Rng')
    if (seed.length !== 6 || !seed.every((word) => Number.isInteger(word) && word >>> 0 === word)) {
      throw new EscError(
        'INVALID_OPTION',
        `seed is an array; the state of an Rng must be six unsigned 32-bit integers`,
      )
    }
    const [a, b, c, counter, ...origin] = seed as RngState
    return new Sfc32([a, b, c, counter], origin)
  }
  assertInteger('seed', seed, 0)
  return seeded([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, 0])
}

/** @throws EscError INVALID_INPUT unless it is an {@link Rng}. @example assertRng(rng) */
export function assertRng(rng: unknown): asserts rng is Rng {
  if (hasField(rng, 'uniform') && typeof rng.uniform === 'function') return
  throw wrongValue('rng', rng, 'an Rng, which createRng(seed) returns')
}

function seeded(key: readonly [number, number, number]): Rng {
  const rng = new Sfc32([...key, 1], [0, 0])
  // The first numbers still depend on the seed in a visible way. They are skipped.
  for (let i = 0; i < 15; i++) rng.next()
  const [a, b, c, counter] = rng.state()
  return new Sfc32([a, b, c, counter], [a, b])
}

class Sfc32 implements Rng {
  readonly #origin: readonly [number, number]
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(words: readonly [number, number, number, number], origin: readonly [number, number]) {
    this.#a = words[0] | 0
    this.#b = words[1] | 0
    this.#c = words[2] | 0
    this.#counter = words[3] | 0
    this.#origin = origin
  }

  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  uniform(): number {
    return this.next() / 2 ** 32
  }

  integer(bound: number): number {
    assertInteger('bound', bound, 1, 2 ** 32)
    // Values behind the last multiple of bound would make small results more likely. They are drawn again.
    const limit = 2 ** 32 - (2 ** 32 % bound)
    let value = this.next()
    while (value >= limit) value = this.next()
    return value % bound
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  shuffle<T extends Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = items[i]
      items[i] = items[j] as never
      items[j] = held as never
    }
    return items
  }

  fork(label: string): Rng {
    const [a, b] = this.#origin
    return seeded([a, b, hash32(label)])
  }

  state(): RngState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#counter >>> 0, ...this.#origin]
  }
}

/** FNV-1a over UTF-16 code units: turns a label into 32 bits. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}
