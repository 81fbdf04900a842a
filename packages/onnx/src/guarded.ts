/** What ONNX Runtime throws, as ours. */
import { EscError } from '@esc/core'

/** @throws EscError INCOMPATIBLE_MODEL in place of whatever else is thrown. */
export async function guarded<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof EscError) throw cause
    throw new EscError('INCOMPATIBLE_MODEL', `ONNX Runtime ${what}: ${messageOf(cause)}`, { cause })
  }
}

/** An error's message, or whatever was thrown as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
