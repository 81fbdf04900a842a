/** From checked rows to a data set. */
import { EscError } from '@esc/core'
import type { ClipRecord, Dataset } from '../record.js'
import { badCell } from './csv.js'

/** A record whose label has no index yet, with the number of its line. */
export interface TableClip extends Omit<ClipRecord, 'labelIndex'> {
  line: number
}

/** A clip of a table that numbers its classes. */
export interface TargetClip extends TableClip {
  target: number
}

/**
 * Checks that all ids differ.
 *
 * @param column - The column of file names.
 * @param cellOf - Gives the cell of a clip in that column.
 * @throws EscError INVALID_INPUT naming both lines, if two clips have one id.
 * @example assertUniqueIds(clips, 'filename')
 */
export function assertUniqueIds(
  clips: readonly TableClip[],
  column: string,
  cellOf = ({ filename }: TableClip) => filename,
): void {
  const lines = new Map<string, number>()
  for (const clip of clips) {
    const { line, id } = clip
    const earlier = lines.get(id)
    if (earlier !== undefined) {
      throw badCell(line, column, cellOf(clip), `must be unique; line ${earlier} has '${id}' too`)
    }
    lines.set(id, line)
  }
}

/**
 * Checks that each label has one target, and each target one label.
 *
 * @param column - The column of labels.
 * @throws EscError INVALID_INPUT naming the line, if a target has two labels or a label two targets.
 * @example assertOneTarget(clips, 'category')
 */
export function assertOneTarget(clips: readonly TargetClip[], column: string): void {
  const byTarget = new Map<number, TargetClip>()
  const byLabel = new Map<string, TargetClip>()
  for (const clip of clips) {
    const sameTarget = byTarget.get(clip.target) ?? clip
    const sameLabel = byLabel.get(clip.label) ?? clip
    byTarget.set(clip.target, sameTarget)
    byLabel.set(clip.label, sameLabel)
    const rival = sameTarget.label !== clip.label ? sameTarget : sameLabel
    if (rival.target === clip.target && rival.label === clip.label) continue
    const there = `'${rival.filename}' has '${rival.label}' with target ${rival.target}`
    throw badCell(clip.line, column, clip.label, `must go with one target: here ${clip.target}, and ${there}`)
  }
}

/** The labels in the order of their targets. @example labelsByTarget(clips) */
export function labelsByTarget(clips: readonly TargetClip[]): string[] {
  const byTarget = new Map(clips.map(({ target, label }) => [target, label]))
  return [...byTarget].sort(([a], [b]) => a - b).map(([, label]) => label)
}

/** The labels in the order of their characters' codes, which depends on no locale. @example sortedLabels(clips) */
export function sortedLabels(clips: readonly { label: string }[]): string[] {
  return [...new Set(clips.map(({ label }) => label))].sort()
}

/**
 * Gives every label its index.
 *
 * @throws EscError INVALID_INPUT if there is no clip.
 * @example toDataset('mine', clips, sortedLabels(clips))
 */
export function toDataset(
  name: string,
  clips: readonly Omit<ClipRecord, 'labelIndex'>[],
  labels: string[],
): Dataset {
  if (clips.length === 0) throw new EscError('INVALID_INPUT', 'the table has no rows; expected one per clip')
  const indexOf = new Map(labels.map((label, index) => [label, index]))
  const records = clips.map(
    ({ id, filename, fold, label, group, columns }): ClipRecord => ({
      id,
      filename,
      fold,
      labelIndex: indexOf.get(label)!,
      label,
      group,
      ...(columns && { columns }),
    }),
  )
  return { name, labels, records, synthetic: false }
}
