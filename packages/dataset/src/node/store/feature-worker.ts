/** The program of a worker thread of `extractFeatures`. */
import { workerData } from 'node:worker_threads'
import { createBatchTask, type TaskSetup } from './task.js'

export default createBatchTask(workerData as TaskSetup)
