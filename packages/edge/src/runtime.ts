/** What runs a model, from code that no type checker has seen. */
import { EscError } from '@esc/core'
import type { OnnxRuntime } from '@esc/onnx'

/** @throws EscError INVALID_OPTION unless `runtime` is an OnnxRuntime, naming the entries that bring their own. */
export function assertRuntime(owner: string, runtime: OnnxRuntime): void {
  if (typeof runtime?.createSession === 'function') return
  const where = `use ${owner} of @esc/edge/node or /browser, which bring their own`
  throw new EscError('INVALID_OPTION', `runtime must be an OnnxRuntime; ${where}`)
}
