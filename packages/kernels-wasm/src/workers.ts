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
 */
export async function startWorker(start: WorkerStart): Promise<void> {
  const url = new URL('./worker.js', import.meta.url)
  if (typeof process === 'object' && process.versions?.node) {
    const { Worker } = await import('node:worker_threads')
    const worker = new Worker(url)
    const ready = new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', reject)
    })
    worker.postMessage(start)
    await ready
    worker.unref()
    return
  }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  await new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', () => resolve(), { once: true })
    worker.addEventListener('error', event => reject(new Error(event.message)), { once: true })
    worker.postMessage(start)
  })
}
