/** Findings about clips that a recipe cuts, because they are too long, or pads with zeros, because they are too short. */
import type { ClipWindows, FeatureRecipe } from '@esc/core'
import { count } from '../words.js'
import type { Finding } from './finding.js'
import type { ClipFacts } from './measure.js'
import { spreadOf } from './spread.js'

/** The lengths that clips are cut to. */
export interface ClipFit {
  recipe: FeatureRecipe | null
  /** If there are windows, their length replaces the recipe's duration. */
  windows: ClipWindows | null
}

/** A difference below this share of the length is a codec's padding. */
const tolerance = 0.01

/**
 * Counts the clips that are longer than the network's input, and those that are shorter. If the recipe trims, silence at both ends
 * does not count.
 */
export function findUnfit(facts: readonly ClipFacts[], { recipe, windows }: ClipFit): Finding[] {
  const length = windows?.windowSec ?? recipe?.durationSec ?? null
  if (length === null || facts.length === 0) return []
  const heardSec = (clip: ClipFacts) =>
    recipe?.trim
      ? Math.max(0, clip.durationSec - clip.leadingSilenceSec - clip.trailingSilenceSec)
      : clip.durationSec
  const longer = facts.filter((clip) => heardSec(clip) > (1 + tolerance) * length)
  const shorter = facts.filter((clip) => heardSec(clip) < (1 - tolerance) * length)
  const all = count(facts.length, 'clip')
  const off = (clips: readonly ClipFacts[]) => {
    const seconds = clips.map((clip) => Math.abs(heardSec(clip) - length))
    return `${spreadOf(seconds)!.p50.toFixed(2)} s in the median, ${Math.max(...seconds).toFixed(2)} s at most`
  }
  const findings: Finding[] = []
  if (longer.length > 0 && windows === null) {
    const what = `${longer.length} of ${all} are longer than ${length} s, and the rest of each is not used`
    const message = `${what}: ${off(longer)}; to use all of it, take windows`
    findings.push({ severity: 'warning', code: 'CUT_CLIP', message, ids: longer.map(({ id }) => id) })
  }
  if (shorter.length > 0) {
    const trimmed = recipe?.trim ? ' after silence at their ends is removed' : ''
    const what = `${shorter.length} of ${all} are shorter than ${length} s${trimmed}, and zeros are added at the end`
    findings.push({
      severity: 'info',
      code: 'PADDED_CLIP',
      message: `${what}: ${off(shorter)}`,
      ids: shorter.map(({ id }) => id),
    })
  }
  return findings
}
