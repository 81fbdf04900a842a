/** Turns errors of ONNX Runtime into ours. */
import { EscError } from '@esc/core'

/** Runs a function. @throws EscError INCOMPATIBLE_MODEL in place of any error that is not an EscError. */
export async function guarded<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof EscError) throw cause
    throw new EscError('INCOMPATIBLE_MODEL', `ONNX Runtime ${what}: ${messageOf(cause)}`, { cause })
  }
}

/** The message of an error, or the thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
