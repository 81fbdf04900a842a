/** Classes that were recorded or stored in another way: a network may learn the recorder instead of the sound. */

import { count } from '../words.js'
import type { Finding } from './finding.js'
import type { ClipFacts } from './measure.js'

/** Properties of a file that depend on the recorder, and the words for their values. */
const properties: readonly {
  code: string
  of: (clip: ClipFacts) => string | number | null
  text: (value: string | number) => string
}[] = [
  { code: 'CLASS_SAMPLE_RATE', of: ({ sampleRate }) => sampleRate, text: (rate) => `at ${rate} Hz` },
  {
    code: 'CLASS_CHANNELS',
    of: ({ channels }) => channels,
    text: (n) => `recorded with ${count(Number(n), 'channel')}`,
  },
  { code: 'CLASS_CODEC', of: ({ codec }) => codec, text: (codec) => `stored as ${codec}` },
]

/** A property tells classes apart if nearly all clips of one class have it, and hardly any of another. */
const nearlyAll = 0.8
const hardlyAny = 0.2
/** With fewer clips, chance explains the difference as well. */
const fewestClips = 3

/**
 * Lists the properties of files that give classes away.
 *
 * @param byLabel - The facts of each class's clips, in the order of `labels`.
 */
export function findRecordingLeaks(
  labels: readonly string[],
  byLabel: readonly (readonly ClipFacts[])[],
): Finding[] {
  return properties.flatMap(({ code, of, text }) => {
    const classes = labels
      .map((label, i) => ({ label, values: byLabel[i]!.map(of).filter((value) => value !== null) }))
      .filter(({ values }) => values.length >= fewestClips)
    const known = [...new Set(classes.flatMap(({ values }) => values))]
    const sharesOf = (value: string | number) =>
      classes.map(({ label, values }) => ({
        label,
        values,
        share: values.filter((found) => found === value).length / values.length,
      }))
    // The value that the fewest classes have: it sets these classes apart.
    const telling = known
      .map((value) => ({ value, shares: sharesOf(value) }))
      .filter(({ shares }) => shares.some(({ share }) => share >= nearlyAll))
      .filter(({ shares }) => shares.some(({ share }) => share <= hardlyAny))
      .map(({ value, shares }) => ({
        value,
        shares,
        having: shares.filter(({ share }) => share >= nearlyAll),
      }))
      .sort((a, b) => a.having.length - b.having.length)[0]
    if (!telling) return []
    const { value, shares, having } = telling
    const most = having[0]!
    const least = shares.reduce((a, b) => (b.share < a.share ? b : a))
    const share = ({ share: part, values }: typeof least) =>
      `${Math.round(part * values.length)} of ${count(values.length, 'clip')}`
    const more = having.length > 1 ? ` (and ${count(having.length - 1, 'other class')})` : ''
    const message =
      `class ${most.label}${more} is ${text(value)} (${share(most)}), class ${least.label} is not (${share(least)}); ` +
      'a network may learn the recorder instead of the sound'
    return [{ severity: 'warning', code, message, ids: [] }]
  })
}
