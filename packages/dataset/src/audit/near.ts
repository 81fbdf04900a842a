/** Finds clips that sound the same though their samples differ. */
import type { ClipFacts } from './measure.js'

/** Two clips that share a sound. */
export interface NearDuplicate {
  ids: [string, string]
  /** The time in the first clip at which the second clip's sound begins. */
  offsetSec: number
  /** Seconds of sound that were compared. */
  overlapSec: number
  /** Share of fingerprint bits that differ: 0 for a copy, about 0.5 for unrelated clips. */
  bitErrorRate: number
}

/** Deviations from chance; see {@link findNearDuplicates}. */
const requiredScore = 2.25
/** Copies always reach this score within two frames of the best offset. One in 1,000 pairs of unrelated clips reaches it, too. */
const promisingScore = 1
const keyMasks = [0xfffff000, 0x000fffff] as const
/** More entries of one key would repeat the same information, and the search would be quadratic if many clips are alike. */
const longestBucket = 32
/** An index entry holds a frame's number in its lower digits; 2^21 frames are 11 hours. */
const framesPerClip = 2 ** 21
const stepSec = 0.02

/**
 * Finds pairs of clips that are the same recording after a gain, a lossy codec, another sample rate, or a cut: their
 * fingerprints agree over some stretch, at some offset. Of three clips that are alike it lists two pairs, which link all three.
 *
 * An index of parts of words (20 bits, so that re-encoded clips share some) finds candidates, which are then compared bit by bit.
 * Time grows with the number of clips, not with its square.
 *
 * A pair counts if (0.5 - bit error rate) · √words >= 2.25: over the 4.6 s of a whole ESC-50 clip that is Haitsma and
 * Kalker's limit of 0.35, over 1 s it is 0.18. They find that unrelated bits err by 0.5 with three times the deviation
 * of independent ones, which puts the limit at 8.5 deviations. Real sounds are less random than that: 99.9 % of ESC-10's
 * 80,000 pairs score below 0.93 at their best offset. Two crowings of one rooster score 2.04, and no other unrelated
 * pair scores above 1.86.
 *
 * A sound shorter than about 0.7 s in silence holds too few bits to tell a re-encoded copy from an unrelated clip. An
 * unchanged copy is found.
 *
 * @param facts - Clips without exact copies, which would be found again.
 * @see J. Haitsma, T. Kalker, A highly robust audio fingerprinting system, ISMIR 2002, sections 4.3 and 5.
 * @example findNearDuplicates(facts).map(({ ids }) => ids.join(' ~ '))
 */
export function findNearDuplicates(facts: readonly ClipFacts[]): NearDuplicate[] {
  const words = facts.map(({ fingerprint }) => Int32Array.from(fingerprint, (word) => word | 0))
  const indices = keyMasks.map(() => new Map<number, number[]>())
  const setOf = facts.map((_, clip) => clip)
  const found: NearDuplicate[] = []
  for (const [clip, own] of words.entries()) {
    for (const candidate of collectCandidates(own, indices)) {
      const other = Math.floor(candidate / (2 * framesPerClip))
      const offset = (candidate % (2 * framesPerClip)) - framesPerClip
      if (rootOf(setOf, other) === rootOf(setOf, clip)) continue
      const match = compareAround(words[other]!, own, offset)
      if (match.score < requiredScore) continue
      setOf[rootOf(setOf, clip)] = rootOf(setOf, other)
      found.push({
        ids: [facts[other]!.id, facts[clip]!.id],
        offsetSec: match.offset * stepSec,
        overlapSec: match.words * stepSec,
        bitErrorRate: match.bitErrorRate,
      })
    }
    addToIndices(indices, clip, own)
  }
  return found
}

/** Earlier clips with matching keys at one offset: `clip * 2^22 + offset + 2^21`, most votes first. */
function collectCandidates(own: Int32Array, indices: readonly Map<number, number[]>[]): number[] {
  const votes = new Map<number, number>()
  for (let frame = 0; frame < Math.min(own.length, framesPerClip); frame++) {
    if (own[frame] === 0) continue
    for (const [which, index] of indices.entries()) {
      for (const entry of index.get(own[frame]! & keyMasks[which]!) ?? []) {
        const offset = (entry % framesPerClip) - frame + framesPerClip
        const key = Math.floor(entry / framesPerClip) * 2 * framesPerClip + offset
        votes.set(key, (votes.get(key) ?? 0) + 1)
      }
    }
  }
  return [...votes].sort((a, b) => b[1] - a[1]).map(([key]) => key)
}

function addToIndices(indices: readonly Map<number, number[]>[], clip: number, own: Int32Array): void {
  for (let frame = 0; frame < Math.min(own.length, framesPerClip); frame++) {
    if (own[frame] === 0) continue
    for (const [which, index] of indices.entries()) {
      const key = own[frame]! & keyMasks[which]!
      const bucket = index.get(key)
      const entry = clip * framesPerClip + frame
      if (!bucket) index.set(key, [entry])
      else if (bucket.push(entry) > longestBucket) bucket.shift()
    }
  }
}

interface Match {
  /** Frames by which the second clip is later. */
  offset: number
  words: number
  bitErrorRate: number
  score: number
}

/** The best of the offsets nearby: keys also match a frame or two beside the right one. */
function compareAround(a: Int32Array, b: Int32Array, offset: number): Match {
  let best = compareAt(a, b, offset)
  if (best.score < promisingScore) return best
  for (const other of [offset - 2, offset - 1, offset + 1, offset + 2]) {
    const match = compareAt(a, b, other)
    if (match.score > best.score) best = match
  }
  return best
}

function compareAt(a: Int32Array, b: Int32Array, offset: number): Match {
  const end = Math.min(a.length, b.length + offset)
  let [words, errors] = [0, 0]
  for (let i = Math.max(0, offset); i < end; i++) {
    const [left, right] = [a[i]!, b[i - offset]!]
    if (left === 0 || right === 0) continue
    words++
    errors += countBits(left ^ right)
  }
  const bitErrorRate = words > 0 ? errors / (32 * words) : 1
  return { offset, words, bitErrorRate, score: (0.5 - bitErrorRate) * Math.sqrt(words) }
}

function countBits(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555)
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333)
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The clip that represents a set of copies: the one whose entry is itself. */
function rootOf(setOf: readonly number[], clip: number): number {
  let root = clip
  while (setOf[root] !== root) root = setOf[root]!
  return root
}
