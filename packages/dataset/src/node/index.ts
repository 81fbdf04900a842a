/** The entry of @esc/dataset for Node: data sets on the disk, the feature store, the download of ESC-50. */

export { type AuditFilesOptions, auditDataset } from './audit-dataset.js'
export { type AugmentedFilesOptions, augmentedSet } from './augmented/augmented-set.js'
export { type DownloadEsc50Options, downloadEsc50, ESC50_LICENSE } from './download/download-esc50.js'
export type { Fetch, HttpResponse } from './download/http.js'
export { type OpenCsvMapping, openCsvDataset } from './open/open-csv.js'
export { type OpenDatasetOptions, openDataset } from './open/open-dataset.js'
export type { OpenedDataset } from './open/open-files.js'
export { type OpenFolderOptions, openFolderDataset } from './open/open-folder.js'
export { extractFeatures } from './store/extract-features.js'
export type {
  ClipSound,
  ExtractedFeatures,
  ExtractFeaturesOptions,
  FeatureSummary,
} from './store/extracted-features.js'
export { openFeatures, type StoredFeatures } from './store/open-features.js'
export { type WriteSyntheticOptions, writeSyntheticEsc10 } from './write-synthetic.js'
