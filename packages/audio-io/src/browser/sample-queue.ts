/** A queue between a microphone, which does not wait, and a loop that takes its sound in blocks. */

/** Samples that wait to be read, in the order of their arrival. */
export interface SampleQueue {
  /** Number of waiting samples. */
  readonly frames: number
  /**
   * Adds samples, unless the queue is full or has failed.
   *
   * @returns Whether they were added.
   */
  push(samples: Float32Array): boolean
  /**
   * Ends the queue: after the waiting samples were read, `read` rejects with `error`. Only the first failure counts.
   */
  fail(error: unknown): void
  /** Returns the next piece as it was pushed, and waits for it if needed. Only one reader at a time. */
  read(): Promise<Float32Array>
}

/**
 * Creates an empty queue.
 *
 * @param maxFrames - The queue is full once this many samples wait; a single push may exceed it.
 * @example createSampleQueue(5 * 48000)
 */
export function createSampleQueue(maxFrames: number): SampleQueue {
  const waiting: Float32Array[] = []
  let frames = 0
  let failure: { error: unknown } | null = null
  let reader: { resolve(samples: Float32Array): void; reject(error: unknown): void } | null = null

  return {
    get frames() {
      return frames
    },
    push(samples) {
      if (failure || frames >= maxFrames) return false
      if (reader) {
        reader.resolve(samples)
        reader = null
      } else {
        waiting.push(samples)
        frames += samples.length
      }
      return true
    },
    fail(error) {
      failure ??= { error }
      reader?.reject(failure.error)
      reader = null
    },
    read() {
      const next = waiting.shift()
      if (next) {
        frames -= next.length
        return Promise.resolve(next)
      }
      if (failure) return Promise.reject(failure.error)
      return new Promise((resolve, reject) => {
        reader = { resolve, reject }
      })
    },
  }
}

/**
 * Creates a function that cuts a signal, which comes in pieces of any size, into blocks of one size.
 *
 * @param blockFrames - Samples in a block, at least 1.
 * @returns A function that takes the next piece and returns the blocks that are now full, each with storage of its
 *   own. The rest waits for the next piece.
 * @example
 * const cut = createBlockCutter(1024)
 * for (const block of cut(samples)) console.log(block.length)
 */
export function createBlockCutter(blockFrames: number): (samples: Float32Array) => Float32Array[] {
  let block = new Float32Array(blockFrames)
  let filled = 0
  return (samples) => {
    const blocks: Float32Array[] = []
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + blockFrames - filled)
      block.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < blockFrames) break
      blocks.push(block)
      block = new Float32Array(blockFrames)
      filled = 0
    }
    return blocks
  }
}
