/**
 * Calls `onMessage` with the first message to this worker.
 * @param {(message: import('./workers.ts').WorkerStart) => void} onMessage
 */
export function listenOnce(onMessage) {
  globalThis.addEventListener('message', event => onMessage(event.data), { once: true })
}

/**
 * Sends a message to the thread that started this worker.
 * @param {boolean} message
 */
export function post(message) {
  globalThis.postMessage(message)
}
