/** Larger networks that a small one learns from: their logits for each batch. */
import { assertTrainedModel, clipLogits, EscError, type InputShape, type TrainedModel } from '@esc/core'
import { floatData, lowerNetwork, type OnnxRuntime, type Session, type Tensor, writeModel } from '@esc/onnx'

/** One or several trained models. */
export interface Teacher {
  /** Logits for features that are not normalised, [examples, classes]. */
  logits(features: Tensor & { type: 'float32' }): Promise<Float32Array>
  release(): Promise<void>
}

/**
 * Checks that the teachers read the same features and have the same labels as the network that learns.
 *
 * @throws EscError INVALID_INPUT if one is no trained model; INCOMPATIBLE_MODEL saying what differs.
 */
export function assertTeachers(
  teachers: readonly TrainedModel[],
  labels: readonly string[],
  shape: InputShape,
): void {
  for (const [i, teacher] of teachers.entries()) {
    assertTrainedModel(teacher)
    const name = teachers.length === 1 ? 'teacher' : `teacher[${i}]`
    const found = teacher.graph.input.shape
    if (String(found) !== String(shape)) {
      throw new EscError(
        'INCOMPATIBLE_MODEL',
        `${name} reads [${found}]; the network that learns reads [${shape}]`,
      )
    }
    const different = labels.findIndex((label, k) => teacher.labels[k] !== label)
    if (different < 0 && teacher.labels.length === labels.length) continue
    const differ = `${name} has the labels ${teacher.labels.join(', ')}; the set has ${labels.join(', ')}`
    throw new EscError('INCOMPATIBLE_MODEL', `${differ}, and they must be equal, in the same order`)
  }
}

/**
 * Opens the teachers. The logits of several are those of their mean scores.
 *
 * @throws EscError INCOMPATIBLE_MODEL if ONNX Runtime refuses one.
 */
export async function openTeacher(teachers: readonly TrainedModel[], runtime: OnnxRuntime): Promise<Teacher> {
  const sessions: { session: Session; input: string; model: TrainedModel }[] = []
  const release = async () => {
    for (const { session } of sessions) await session.release()
  }
  try {
    for (const model of teachers) {
      const { graph, normalizer } = model
      const session = await runtime.createSession(writeModel(lowerNetwork(graph, { normalizer })))
      sessions.push({ session, input: session.inputNames[0]!, model })
    }
  } catch (error) {
    await release()
    throw error
  }
  return {
    release,
    async logits(features) {
      const all: Float32Array[] = []
      for (const { session, input } of sessions) {
        all.push(floatData(await session.run({ [input]: features }), 'logits'))
      }
      const [first] = all
      if (all.length === 1) return first!
      const { labels, activation } = teachers[0]!
      const classes = labels.length
      const mean = new Float32Array(first!.length)
      for (let start = 0; start < mean.length; start += classes) {
        const rows = all.flatMap((logits) => [...logits.subarray(start, start + classes)])
        mean.set(clipLogits(Float32Array.from(rows), classes, activation), start)
      }
      return mean
    },
  }
}
