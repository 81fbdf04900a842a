/** The portable entry of @esc/dataset: tables, splits, audits, balancing, NumPy files, the synthetic set. */
export type { ClassSound, ClipAudit, UnreadableClip } from './audit/clip-audit.js'
export {
  type AuditDatasetOptions,
  type AuditFactsOptions,
  type AuditInput,
  auditDataset,
  auditFacts,
  type DatasetAudit,
} from './audit/dataset.js'
export type { Finding } from './audit/finding.js'
export type { FolderAudit } from './audit/folder.js'
export { formatAudit } from './audit/format.js'
export { type ClipFacts, type MeasuredClip, measureClip } from './audit/measure.js'
export type { NearDuplicate } from './audit/near.js'
export type { SplitAudit } from './audit/split.js'
export type { Spread } from './audit/spread.js'
export { auditTable, type CrossingSource, type TableAudit } from './audit/table.js'
export { augmentedSet } from './augmented/augmented-set.js'
export type { AugmentedFeaturesOptions, AugmentedSetOptions } from './augmented/options.js'
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
export {
  decodeNpy,
  type EncodeNpyOptions,
  encodeNpy,
  type NpyArray,
  type NpyData,
} from './npy.js'
export type { ClipRecord, Dataset, SoundSource } from './record.js'
export { type GroupRule, regroup } from './regroup.js'
export { type GroupKFoldOptions, groupKFold } from './splits/group-k-fold.js'
export { groupShuffleSplit } from './splits/group-shuffle-split.js'
export { type KFoldOptions, kFold } from './splits/k-fold.js'
export { assertNoLeaks, findLeaks, type GroupLeak, type LeakReport } from './splits/leaks.js'
export { type PredefinedFoldsOptions, predefinedFolds } from './splits/predefined-folds.js'
export type { Labels } from './splits/shared/labels.js'
export type { PartSizeOptions } from './splits/shared/parts.js'
export type { SplitRecord, SplitSource } from './splits/shared/source.js'
export { type ShuffleSplitOptions, shuffleSplit } from './splits/shuffle-split.js'
export { type StratifiedGroupKFoldOptions, stratifiedGroupKFold } from './splits/stratified-group-k-fold.js'
export { type StratifiedGroupSplitOptions, stratifiedGroupSplit } from './splits/stratified-group-split.js'
export { stratifiedKFold } from './splits/stratified-k-fold.js'
export { type StratifiedSplitOptions, stratifiedSplit } from './splits/stratified-split.js'
export { type TimeSeriesSplitOptions, timeSeriesSplit } from './splits/time-series-split.js'
export {
  type TrainTestSplitOptions,
  type TrainTestSplitSetOptions,
  trainTestSplit,
} from './splits/train-test-split.js'
export { type TrainValTestOptions, trainValTest } from './splits/train-val-test.js'
export {
  type SyntheticClip,
  type SyntheticEsc10,
  type SyntheticOptions,
  synthesizeEsc10,
} from './synthetic/esc10.js'
export type { CsvDelimiter } from './tables/csv.js'
export { type CsvMapping, parseCsvDataset } from './tables/csv-dataset.js'
export { type Esc50Filename, type ParseEsc50Options, parseEsc50, parseFilename } from './tables/esc50.js'
export { parseUrbanSound8k } from './tables/urbansound8k.js'
