/** A program that computes the features of every second clip: `feature-process.js FOLDER 0|1 STORE`. */
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { mfcc13 } from '@esc/dsp'

const [folder, half, dir] = process.argv.slice(2) as [string, string, string]
const opened = await openDataset(folder, { subset: 'esc10' })
const records = opened.dataset.records.filter((_, i) => i % 2 === Number(half))
await extractFeatures({ ...opened, dataset: { ...opened.dataset, records } }, mfcc13, { dir, workers: 0 })
