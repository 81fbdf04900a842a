export { type OpenedDataset, openDataset } from './open-dataset.js'
export { type WriteSyntheticOptions, writeSyntheticEsc10 } from './write-synthetic.js'
