import { KernelError } from './errors.ts'

/** What a worker needs to take part. */
export interface WorkerStart {
  build: 'simd128' | 'relaxed'
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  /** Address of the control block. */
  control: number
  /** The worker's thread number, 1 or more; thread 0 is the one that runs programs. */
  thread: number
  /** The number of the job after which the worker begins. */
  last: number
}

/**
 * Starts a worker and resolves once it waits for jobs. It does not keep a Node process alive.
 * @throws KernelError where it could not be started.
 */
export async function startWorker(start: WorkerStart): Promise<void> {
  if (typeof process === 'object' && process.versions?.node) {
    const { Worker } = await import('node:worker_threads')
    // Node's own options are not passed on: a worker refuses some, such as --input-type.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] })
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', error => reject(failure(error.message)))
      worker.once('exit', code => reject(failure(`it ended with exit code ${code}`)))
      worker.postMessage(start)
    })
    worker.unref()
    return
  }
  // The whole expression in one place, so that bundlers find the file.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', () => resolve(), { once: true })
    worker.addEventListener('error', event => reject(failure(event.message)), { once: true })
    worker.postMessage(start)
  })
}

function failure(reason: string): KernelError {
  return new KernelError(`threads: a worker could not be started: ${reason}; try threads: 1`)
}
