export type { ClassSound, ClipAudit, UnreadableClip } from './audit/clips.js'
export {
  type AuditDatasetOptions,
  type AuditFactsOptions,
  type AuditInput,
  auditDataset,
  auditFacts,
  type DatasetAudit,
  type SplitAudit,
} from './audit/dataset.js'
export type { Finding } from './audit/finding.js'
export type { FolderAudit } from './audit/folder.js'
export { formatAudit } from './audit/format.js'
export { type ClipFacts, type MeasuredClip, measureClip } from './audit/measure.js'
export type { NearDuplicate } from './audit/near.js'
export type { Spread } from './audit/spread.js'
export { auditTable, type CrossingSource, type TableAudit } from './audit/table.js'
export {
  type BalancedBatchesOptions,
  type BalanceOptions,
  balancedBatches,
  type ClassWeightOptions,
  classWeights,
  oversample,
  type ResampleOptions,
  undersample,
} from './balance.js'
export type { CsvDelimiter } from './csv.js'
export { type Esc50Filename, type ParseEsc50Options, parseEsc50, parseFilename } from './esc50.js'
export {
  decodeNpy,
  type EncodeNpyOptions,
  encodeNpy,
  type NpyArray,
  type NpyData,
} from './npy.js'
export type { ClipRecord, Dataset } from './record.js'
export { type GroupRule, regroup } from './regroup.js'
export {
  type GroupKFoldOptions,
  groupKFold,
  type StratifiedGroupKFoldOptions,
  type StratifiedGroupSplitOptions,
  stratifiedGroupKFold,
  stratifiedGroupSplit,
} from './splits/group.js'
export { type KFoldOptions, kFold, stratifiedKFold } from './splits/kfold.js'
export type { Labels } from './splits/labels.js'
export { assertNoLeaks, findLeaks, type GroupLeak, type LeakReport } from './splits/leaks.js'
export type { PartSizeOptions } from './splits/parts.js'
export {
  type PredefinedFoldsOptions,
  predefinedFolds,
  type TrainValTestOptions,
  trainValTest,
} from './splits/predefined.js'
export { groupShuffleSplit, type ShuffleSplitOptions, shuffleSplit } from './splits/shuffle.js'
export type { SplitRecord, SplitSource } from './splits/source.js'
export {
  type StratifiedSplitOptions,
  stratifiedSplit,
  type TrainTestSplitOptions,
  type TrainTestSplitSetOptions,
  trainTestSplit,
} from './splits/stratified.js'
export { type TimeSeriesSplitOptions, timeSeriesSplit } from './splits/time-series.js'
export {
  type SyntheticClip,
  type SyntheticEsc10,
  type SyntheticOptions,
  synthesizeEsc10,
} from './synthetic/esc10.js'
export { type CsvMapping, parseCsvDataset } from './table-csv.js'
export { parseUrbanSound8k } from './urbansound8k.js'
