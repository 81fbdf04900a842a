import { openClassifier } from '@esc/edge/node'

const classifier = await openClassifier('models/esc10')
console.log(await classifier.classify('dog.ogg', { topK: 3 }))
