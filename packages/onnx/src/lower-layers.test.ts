import { expect, test } from 'vitest'
import { allCases } from './gradient/fixtures/cases.js'
import { caseNetwork, clips } from './gradient/fixtures/network.js'
import { referenceLogits, relativeError } from './gradient/fixtures/reference.js'
import { floatData, floatTensor, lowerNetwork, writeModel } from './index.js'
import { checkModel } from './inspect/index.js'
import { ortRuntime } from './node/index.js'

test.each(allCases())('%s gives the values of float64 in all operator sets', async (_name, each, seed) => {
  const { graph, feeds } = caseNetwork(each, seed)
  const { name, shape } = graph.input
  const input = floatTensor(feeds[name]!, [clips, ...shape])
  const expected = referenceLogits(graph, feeds[name]!)
  for (const opset of [13, 14, 17, 18, 21]) {
    const model = lowerNetwork(graph, { opset })
    checkModel(model)
    const session = await ortRuntime.createSession(writeModel(model), { threads: 1 })
    const actual = await session.run({ [name]: input })
    await session.release()
    expect(relativeError(floatData(actual, 'logits'), expected), `opset ${opset}`).toBeLessThan(1e-5)
  }
})
