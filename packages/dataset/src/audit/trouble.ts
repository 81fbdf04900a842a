/** Findings about single clips, copies, and the bandwidth of classes. */
import type { ClipRecord } from '../record.js'
import { count, listSome } from '../words.js'
import type { ClipAudit } from './clip-audit.js'
import type { Finding } from './finding.js'
import { type ClipFacts, isAudible } from './measure.js'

const durationTolerance = 0.05
const longSilenceSec = 0.5
const clippedLimit = 1e-4
const dcLimit = 0.01
const narrowShare = 0.5
/** Channels that have nothing in common lose 3 dB in the mix. */
const cancellingDb = 12

/**
 * Lists the findings about clips: clips that are missing, unreadable, silent, or there twice; durations that differ from the
 * median by more than 5 % and more than three interquartile ranges; unusual sample rates and numbers of channels; files that had
 * to be repaired; channels that cancel each other; clipping (more than 1 sample in 10,000); a DC offset above 0.01; a bandwidth of
 * less than half of what the sample rate allows; a class whose median bandwidth is less than half of another's; more than half a
 * second of silence.
 */
export function findTrouble(
  audit: Omit<ClipAudit, 'findings'>,
  facts: readonly ClipFacts[],
  recordOf: ReadonlyMap<string, ClipRecord>,
): Finding[] {
  const { p25 = 0, p50 = 0, p75 = 0 } = audit.durationSec ?? {}
  // In a data set whose durations vary, only a clip far from the others is unusual.
  const tolerance = Math.max(durationTolerance * p50, 3 * (p75 - p25))
  const off = Math.round(tolerance * 1000) / 1000
  const rate = audit.sampleRates[0]?.sampleRate
  const channels = audit.channels[0]?.channels
  const rank = ([first, second]: readonly { clips: number }[], usual: string) =>
    first?.clips === second?.clips ? ` (as many clips ${usual})` : ', the most frequent one'
  const list = (
    severity: Finding['severity'],
    code: string,
    what: string,
    test: (clip: ClipFacts) => boolean,
  ) =>
    about(
      severity,
      code,
      what,
      facts.filter(test).map(({ id }) => id),
    )
  return [
    ...about(
      'error',
      'MISSING_CLIP',
      'clips that the table names and whose files are missing',
      audit.missing,
    ),
    ...unreadableFinding(audit),
    ...list('error', 'SILENT_CLIP', 'clips without any sound in the mono mix', (clip) => !isAudible(clip)),
    ...repairedFinding(facts),
    ...list(
      'warning',
      'OPPOSITE_PHASE',
      'clips whose channels cancel each other in the mono mix, which is what a network hears',
      (clip) => clip.mixLossDb > cancellingDb,
    ),
    ...duplicateFinding(audit),
    ...nearDuplicateFindings(audit, recordOf),
    ...list(
      'warning',
      'ODD_DURATION',
      `clips with another length than usual (more than ${off} s from the median, ${Math.round(p50 * 1000) / 1000} s)`,
      (clip) => Math.abs(clip.durationSec - p50) > tolerance,
    ),
    ...list(
      'warning',
      'ODD_SAMPLE_RATE',
      `clips at another rate than ${rate} Hz${rank(audit.sampleRates, `are at ${rate} Hz`)}`,
      (clip) => clip.sampleRate !== rate,
    ),
    ...list(
      'warning',
      'ODD_CHANNELS',
      `clips with another number of channels than ${channels}${rank(audit.channels, `have ${channels}`)}`,
      (clip) => clip.channels !== channels,
    ),
    ...list(
      'warning',
      'CLIPPING',
      'clips whose peaks are cut off (clipping)',
      (clip) => clip.clippedShare > clippedLimit,
    ),
    ...list('warning', 'DC_OFFSET', 'clips with a DC offset', (clip) => Math.abs(clip.dcOffset) > dcLimit),
    ...classBandwidthFinding(audit),
    ...list(
      'info',
      'NARROW_BAND',
      'clips with next to nothing in the upper half of the spectrum',
      (clip) => isAudible(clip) && clip.bandwidthHz < (narrowShare * clip.sampleRate) / 2,
    ),
    ...list(
      'info',
      'SILENT_PADDING',
      `clips with more than ${longSilenceSec} s of silence at the start or end`,
      (clip) => isAudible(clip) && Math.max(clip.leadingSilenceSec, clip.trailingSilenceSec) > longSilenceSec,
    ),
    ...list(
      'info',
      'SILENT_GAP',
      `clips with more than ${longSilenceSec} s of silence between sounds`,
      (clip) => clip.insideSilenceSec > longSilenceSec,
    ),
  ]
}

function about(severity: Finding['severity'], code: string, what: string, ids: readonly string[]): Finding[] {
  if (ids.length === 0) return []
  return [
    { severity, code, message: `${what}: ${count(ids.length, 'clip')} (${listSome(ids)})`, ids: [...ids] },
  ]
}

function unreadableFinding({ unreadable }: Pick<ClipAudit, 'unreadable'>): Finding[] {
  if (unreadable.length === 0) return []
  const reasons = listSome(unreadable.map(({ id, reason }) => `${id} (${reason})`))
  const message = `clips that cannot be read: ${count(unreadable.length, 'clip')}: ${reasons}`
  return [{ severity: 'error', code: 'UNREADABLE_CLIP', message, ids: unreadable.map(({ id }) => id) }]
}

function repairedFinding(facts: readonly ClipFacts[]): Finding[] {
  const repaired = facts.filter(({ warnings }) => warnings.length > 0)
  if (repaired.length === 0) return []
  const reasons = listSome(repaired.map(({ id, warnings }) => `${id} (${warnings.join('; ')})`))
  const message = `damaged or unfinished files that could still be read: ${count(repaired.length, 'clip')}: ${reasons}`
  return [{ severity: 'warning', code: 'REPAIRED_CLIP', message, ids: repaired.map(({ id }) => id) }]
}

function duplicateFinding({ duplicates }: Pick<ClipAudit, 'duplicates'>): Finding[] {
  if (duplicates.length === 0) return []
  const message = `clips with equal samples: ${listSome(duplicates.map((ids) => ids.join(' = ')))}`
  return [{ severity: 'error', code: 'DUPLICATE_CLIP', message, ids: duplicates.flat() }]
}

/** Overlapping clips of one source are no problem: a good split keeps them together. It does not keep clips of two sources together. */
function nearDuplicateFindings(
  { nearDuplicates }: Pick<ClipAudit, 'nearDuplicates'>,
  recordOf: ReadonlyMap<string, ClipRecord>,
): Finding[] {
  const describe = (ids: readonly [string, string]) => {
    const [a, b] = ids.map((id) => recordOf.get(id)!)
    const folds = a!.fold === b!.fold ? '' : ` (folds ${a!.fold ?? '–'}, ${b!.fold ?? '–'})`
    const labels = a!.label === b!.label ? '' : ` (${a!.label}, ${b!.label})`
    return `${ids.join(' ~ ')}${folds}${labels}`
  }
  const isOfOneSource = ({ ids: [a, b] }: (typeof nearDuplicates)[number]) =>
    recordOf.get(a)!.group === recordOf.get(b)!.group
  const find = (
    severity: Finding['severity'],
    code: string,
    what: string,
    pairs: typeof nearDuplicates,
  ): Finding[] => {
    if (pairs.length === 0) return []
    const message = `${what}: ${listSome(pairs.map(({ ids }) => describe(ids)))}`
    return [{ severity, code, message, ids: [...new Set(pairs.flatMap(({ ids }) => ids))] }]
  }
  const within = nearDuplicates.filter(isOfOneSource)
  const across = nearDuplicates.filter((pair) => !isOfOneSource(pair))
  return [
    ...find('warning', 'NEAR_DUPLICATE', 'clips of different sources that sound nearly the same', across),
    ...find('info', 'OVERLAPPING_CLIPS', 'clips of one source that overlap', within),
  ]
}

function classBandwidthFinding({ classes }: Pick<ClipAudit, 'classes'>): Finding[] {
  const sorted = classes
    .flatMap(({ label, bandwidthHz }) => (bandwidthHz ? [{ label, hz: bandwidthHz.p50 }] : []))
    .sort((a, b) => a.hz - b.hz)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (!least || !most || least.hz >= narrowShare * most.hz) return []
  const kHz = (hz: number) => `${(hz / 1000).toFixed(1)} kHz`
  const found = `class ${least.label} has sound up to ${kHz(least.hz)}, class ${most.label} up to ${kHz(most.hz)} (medians)`
  const message = `${found}; a network may learn this difference instead of the sound`
  return [{ severity: 'warning', code: 'CLASS_BANDWIDTH', message, ids: [] }]
}
