/** The program of a worker thread of `extractFeatures`. It must lie beside the file that starts it. */
import { workerData } from 'node:worker_threads'
import { createBatchTask, type TaskSetup } from './task.js'

export default createBatchTask(workerData as TaskSetup)
