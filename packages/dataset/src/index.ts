export { auditClips, type ClipAudit } from './audit/clips.js'
export type { Finding } from './audit/finding.js'
export { type ClipFacts, measureClip } from './audit/measure.js'
export { auditTable, type CrossingSource, type TableAudit } from './audit/table.js'
export { type Esc50Filename, type ParseEsc50Options, parseEsc50, parseFilename } from './esc50.js'
export type { ClipRecord, Dataset } from './record.js'
export {
  type StratifiedGroupKFoldOptions,
  type StratifiedGroupSplitOptions,
  stratifiedGroupKFold,
  stratifiedGroupSplit,
} from './splits/group.js'
export type { Labels } from './splits/labels.js'
export { assertNoLeaks, findLeaks, type GroupLeak, type LeakReport } from './splits/leaks.js'
export { type PredefinedFoldsOptions, predefinedFolds } from './splits/predefined.js'
export {
  type StratifiedSplitOptions,
  stratifiedSplit,
  type TrainTestSplitOptions,
  trainTestSplit,
} from './splits/stratified.js'
export {
  type SyntheticClip,
  type SyntheticEsc10,
  type SyntheticOptions,
  synthesizeEsc10,
} from './synthetic/esc10.js'
