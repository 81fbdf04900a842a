import { trainValTest } from '@esc/dataset'
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { logmel64 } from '@esc/dsp'
import { saveModel } from '@esc/edge/node'
import { melCnn } from '@esc/model'
import { evaluate, fit } from '@esc/model/node'

const dataset = await openDataset('ESC-50', { subset: 'esc10' })
const features = await extractFeatures(dataset, logmel64, {
  dir: 'features',
  windows: { windowSec: 5 },
  onProgress: ({ done, total }) => done % 50 === 0 && console.log('clips', done, 'of', total),
})
const split = trainValTest(features, { testFold: 1 })
const model = await fit(melCnn, features, split, {
  epochs: 30,
  onEvent: (event) => event.type === 'epoch' && console.log(event.epoch, event.validationAccuracy),
})
const evaluation = await evaluate(model, features, split.test)
console.log('test accuracy', evaluation.accuracy)
const int8 = { calibrateOn: features, indices: split.train }
await saveModel('models/esc10', model, { int8, split, evaluation })
