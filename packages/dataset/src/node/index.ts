export { type AuditFilesOptions, auditDataset } from './audit-dataset.js'
export { type DownloadEsc50Options, downloadEsc50, ESC50_LICENSE } from './download-esc50.js'
export {
  type ClipSound,
  type ExtractedFeatures,
  type ExtractFeaturesOptions,
  extractFeatures,
  type FeatureSummary,
  type SoundSource,
} from './extract-features.js'
export type { Fetch, HttpResponse } from './http.js'
export { type OpenCsvMapping, openCsvDataset } from './open/open-csv.js'
export { type OpenDatasetOptions, openDataset } from './open/open-dataset.js'
export type { OpenedDataset } from './open/open-files.js'
export { type OpenFolderOptions, openFolderDataset } from './open/open-folder.js'
export { openFeatures, type StoredFeatures } from './open-features.js'
export { type WriteSyntheticOptions, writeSyntheticEsc10 } from './write-synthetic.js'
