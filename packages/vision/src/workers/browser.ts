import type { LoadingWorker, WorkerEvents } from './types.ts'

/** Whether workers can be started here; old browsers cannot start them within workers. */
export function workersExist(): boolean {
  return typeof Worker === 'function'
}

export function startWorker(events: WorkerEvents): LoadingWorker {
  // The whole expression is in one place, so that bundlers find the file.
  const worker = new Worker(new URL('./worker.browser.js', import.meta.url), { type: 'module' })
  worker.addEventListener('message', event => events.message(event.data))
  worker.addEventListener('error', event => events.ended(event.message || 'its script does not load'))
  return {
    send: (message, transferred = []) => worker.postMessage(message, [...transferred]),
    keepAlive() {},
    terminate: async () => worker.terminate(),
  }
}
