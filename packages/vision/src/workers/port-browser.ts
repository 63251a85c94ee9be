import type { Job, Reply } from '../loading/job.ts'

/** Calls back with each message to this worker. */
export function listen(onMessage: (message: Job | number) => void): void {
  globalThis.addEventListener('message', event => onMessage(event.data))
}

/** Answers to the thread that started this worker. */
export function post(reply: Reply, transferred: readonly ArrayBuffer[] = []): void {
  globalThis.postMessage(reply, { transfer: [...transferred] })
}
