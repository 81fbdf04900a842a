/** The sessions of a training step: one for batches of any size, or one for each size. */
import type { NetworkGraph, NetworkNode } from '@esc/core'
import type { Blocking, OnnxModel, Session } from '@esc/onnx'
import { type OrtCoreOptions, openSession } from './session.js'

/** Opens the session for a batch when it is needed. */
export interface StepSessions {
  forClips(clips: number): Promise<Session>
  release(): Promise<void>
}

/** An epoch has whole batches and a last one. Each session holds the memory of a step. */
const mostSessions = 2

/**
 * Prepares the sessions of a step, in ONNX Runtime's blocked layout where it has one.
 *
 * Layers that work on each channel alone are much faster in steps for a fixed number of clips. So a network with such layers has a session for
 * each size of a batch. Other networks have one session. Batches of more than two sizes in turn are slow in such a network: each needs a
 * session anew.
 *
 * @param build - Writes the step. It is called here, too, so that what it refuses is refused before the first step.
 */
export async function createStepSessions(
  graph: NetworkGraph,
  options: OrtCoreOptions,
  build: (blocking: Blocking | null) => OnnxModel,
): Promise<StepSessions> {
  const channels = (await options.runtime.channelBlock?.()) ?? 1
  const model = build(channels > 1 ? { channels } : null)
  const isBlocked = Object.keys(model.domains).length > 0
  if (!isBlocked || !graph.nodes.some(isDepthwise)) {
    const session = await openSession(options, model)
    return { forClips: async () => session, release: () => session.release() }
  }
  // The session that was used last stands last.
  const sessions = new Map<number, Session>()
  return {
    async forClips(clips) {
      const known = sessions.get(clips)
      if (known === undefined && sessions.size === mostSessions) {
        const [oldest, unused] = [...sessions][0]!
        sessions.delete(oldest)
        await unused.release()
      }
      const session = known ?? (await openSession(options, build({ clips, channels })))
      sessions.delete(clips)
      sessions.set(clips, session)
      return session
    },
    async release() {
      for (const session of sessions.values()) await session.release()
      sessions.clear()
    },
  }
}

/** Whether a layer works on each channel alone. Other grouped convolutions have no blocked form. */
function isDepthwise(node: NetworkNode): boolean {
  if (node.op === 'Conv2D') return (node.attributes.groups ?? 1) > 1 && node.weights.kernel.shape[1] === 1
  return node.op === 'DepthwiseConv2D' || node.op === 'SeparableConv2D'
}
