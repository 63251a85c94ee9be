import { Worker } from 'node:worker_threads'
import type { LoadingWorker, WorkerEvents } from './types.ts'

export function workersExist(): boolean {
  return true
}

export function startWorker(events: WorkerEvents): LoadingWorker {
  // Node's own options are not passed on: a worker refuses some, such as --input-type.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] })
  worker.unref()
  worker.on('message', reply => events.message(reply))
  worker.on('error', error => events.ended(error.message))
  worker.on('exit', code => events.ended(`exit code ${code}`))
  return {
    send: (message, transferred = []) => worker.postMessage(message, transferred),
    keepAlive: wanted => (wanted ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate()
    },
  }
}
