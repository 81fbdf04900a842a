/** A made-up but plausible audit, for the report's tests. */
import type { Finding } from '@esc/dataset'
import type { RunMetrics } from '../results.js'

const findings = {
  shared: {
    severity: 'info',
    code: 'SHARED_SOURCE',
    message: '160 clips share 52 sources; split by fold or by group, not at random',
    ids: Array.from({ length: 160 }, (_id, i) => `clip-${i}`),
  },
  crossing: {
    severity: 'warning',
    code: 'SOURCE_CROSSES_FOLDS',
    message: '1 sources with 2 clips cross folds: 234879 (folds 1, 3)',
    ids: ['clip-0-0', 'clip-0-1'],
  },
  strays: {
    severity: 'warning',
    code: 'UNLISTED_SOUND',
    message: 'sounds that the table does not name, left out: 2 files (audio/x.wav; audio/y.wav)',
    ids: [],
    files: ['audio/x.wav', 'audio/y.wav'],
  },
  silent: {
    severity: 'error',
    code: 'SILENT_CLIP',
    message: 'no sound at all: 1 clip',
    ids: ['clip-3-3'],
  },
} satisfies Record<string, Finding>

/**
 * What the audit of the made-up clips found.
 *
 * @example makeAudit(['dog', 'rain'], 79, true).findings.length // 3
 */
export function makeAudit(
  labels: readonly string[],
  clips: number,
  groupsKnown: boolean,
): RunMetrics['audit'] {
  const { silent, crossing, shared, strays } = findings
  // Without groups nothing can be shared, and nothing can cross.
  const ofTable = groupsKnown ? [crossing, shared] : []
  const spread = (middle: number, width: number) => ({
    p5: middle - width,
    p25: middle - width / 3,
    p50: middle,
    p75: middle + width / 4,
    p95: middle + width / 2,
  })
  return {
    name: 'ESC-10',
    synthetic: false,
    folder: { files: clips + 6, clips, unused: 0, notSound: 4, findings: [strays] },
    table: {
      clips,
      classes: labels.map((label) => ({ label, clips: 40 })),
      folds: [1, 2, 3, 4, 5].map((fold) => ({ fold, clips: clips / 5 })),
      sources: groupsKnown ? Math.round(clips * 0.7) : clips,
      groupsKnown,
      clipsSharingSource: groupsKnown ? Math.round(clips * 0.4) : 0,
      crossingSources: [],
      findings: ofTable,
    },
    clips: {
      clips,
      missing: [],
      unreadable: [],
      durationSec: spread(5, 0.01),
      sampleRates: [{ sampleRate: 44100, clips }],
      channels: [{ channels: 1, clips }],
      codecs: [{ codec: 'wav pcm_s16le', clips }],
      silence: { leading: 0.01, trailing: 0.108, inside: 0.018 },
      rmsDb: spread(-21, 14),
      bandwidthHz: spread(19100, 4600),
      // One class has no clip that could be measured.
      classes: labels.map((label, i) => ({
        label,
        clips: i === 1 ? 0 : 40,
        rmsDb: i === 1 ? null : spread(-18 - (i % 7), 8),
        bandwidthHz: i === 1 ? null : spread(15000 + 500 * (i % 9), 3000),
      })),
      duplicates: [['clip-0-2', 'clip-0-3']],
      nearDuplicates: [
        { ids: ['clip-5-1', 'clip-5-9'], offsetSec: 0.64, overlapSec: 3.94, bitErrorRate: 0.1334 },
      ],
      findings: [silent],
    },
    split: {
      train: clips - 160,
      validation: 80,
      test: 80,
      leakedTestClips: 0,
      leakRate: 0,
      copiedTestClips: 0,
      findings: [],
    },
    findings: [silent, strays, ...ofTable],
  }
}
