/** The sessions of a training step: one for batches of any size, or one for each size. */
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
 * Prepares the sessions of a step.
 *
 * Where ONNX Runtime has a blocked layout and the network has a layer that gains by it, the graph is written for a fixed number of clips, so
 * each size of a batch has a session of its own. Otherwise there is one session.
 *
 * @param build - Writes the step. It is called here, too, so that what it refuses is refused before the first step.
 */
export async function createStepSessions(
  options: OrtCoreOptions,
  build: (blocking: Blocking | null) => OnnxModel,
): Promise<StepSessions> {
  const channels = (await options.runtime.channelBlock?.()) ?? 1
  const isBlocked = channels > 1 && Object.keys(build({ clips: 1, channels }).domains).length > 0
  if (!isBlocked) {
    const session = await openSession(options, build(null))
    return { forClips: async () => session, release: () => session.release() }
  }
  // The session that was used last stands last.
  const sessions = new Map<number, Session>()
  return {
    async forClips(clips) {
      const session = sessions.get(clips) ?? (await openSession(options, build({ clips, channels })))
      sessions.delete(clips)
      sessions.set(clips, session)
      if (sessions.size > mostSessions) {
        const [oldest, unused] = [...sessions][0]!
        sessions.delete(oldest)
        await unused.release()
      }
      return session
    },
    async release() {
      for (const session of sessions.values()) await session.release()
      sessions.clear()
    },
  }
}
