import { parentPort } from 'node:worker_threads'
import type { Job, Reply } from '../loading/job.ts'

/** Calls back with each message to this worker. */
export function listen(onMessage: (message: Job | number) => void): void {
  parentPort?.on('message', onMessage)
}

/** Answers to the thread that started this worker. */
export function post(reply: Reply, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transferred)
}
