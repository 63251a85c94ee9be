import { parentPort } from 'node:worker_threads'

/**
 * Calls `onMessage` with the first message to this worker.
 * @param {(message: import('./workers.ts').WorkerStart) => void} onMessage
 */
export function listenOnce(onMessage) {
  parentPort?.once('message', onMessage)
}

/**
 * Sends a message to the thread that started this worker.
 * @param {boolean} message
 */
export function post(message) {
  parentPort?.postMessage(message)
}
