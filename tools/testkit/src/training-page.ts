/** Trains in a page, and shows the numbers. */
import { fit } from '@esc/model/browser'
import { ortRuntime } from '@esc/onnx/browser'
import { useTraining } from './training.js'

function show(value: unknown): void {
  const pre = document.querySelector('pre')!
  pre.textContent = JSON.stringify(value)
  pre.className = 'done'
}

useTraining(ortRuntime, fit).then(show, (error) => show({ error: String(error.stack) }))
