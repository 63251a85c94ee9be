import { parentPort } from 'node:worker_threads'

/**
 * Calls back with the first message to this worker.
 * @param {(message: import('./workers.ts').WorkerStart) => void} onMessage
 */
export function listenOnce(onMessage) {
  parentPort?.once('message', onMessage)
}

/**
 * Answers to the thread that started this worker.
 * @param {boolean} message
 */
export function post(message) {
  parentPort?.postMessage(message)
}
