import { featureSet } from '@esc/core'
import { synthesizeEsc10, trainValTest } from '@esc/dataset'
import { createExtractor, logmel64 } from '@esc/dsp'
import { createClassifier, packModel } from '@esc/edge/browser'
import { melCnn } from '@esc/model'
import { fit } from '@esc/model/browser'

const { dataset, clipAt } = synthesizeEsc10({ clipsPerClass: 5, durationSec: 1 })
const { extract } = createExtractor(logmel64)
const examples = dataset.records.map((record, i) => ({ ...record, features: extract(clipAt(i)) }))
const features = featureSet(examples, { labels: dataset.labels, recipe: logmel64 })
const model = await fit(melCnn, features, trainValTest(features, { testFold: 1 }), { epochs: 2 })
const classifier = await createClassifier(await packModel(model))
const answers = await classifier.classify(clipAt(0), { topK: 3 })
document.body.append(JSON.stringify(answers))
