import { KernelError } from './errors.ts'

/** What a worker needs to take part. */
export interface WorkerStart {
  build: 'simd128' | 'relaxed'
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  /** Address of the pool's control block. */
  control: number
  /** The worker's thread number, from 0, and how many there shall be. */
  thread: number
  threads: number
}

/** What a worker tells once it has started. */
export interface WorkerEvents {
  /** The job is done; false where its words were no program. Thread 0 tells it for all. */
  done(ok: boolean): void
  /** It runs no more, or must not be trusted to. */
  ended(reason: string): void
}

function notStarted({ thread, threads }: WorkerStart, reason: string): KernelError {
  const fewer = thread > 0 ? `ask for at most ${thread}` : 'ask for 1'
  return new KernelError(`threads: worker ${thread + 1} of ${threads} could not be started (${reason}); ${fewer}`)
}

/** A thread of a pool, waiting for jobs. */
export interface PoolWorker {
  /** Whether it keeps a Node process alive, at first not. */
  keepAlive(wanted: boolean): void
  /** Resolves once it runs no more, as far as can be told. */
  terminate(): Promise<void>
}

/**
 * Starts a worker and resolves once it waits for jobs.
 * @throws KernelError where it could not be started.
 */
export async function startWorker(start: WorkerStart, { done, ended }: WorkerEvents): Promise<PoolWorker> {
  const isNode = typeof process === 'object' && process.versions?.node
  try {
    return await (isNode ? startInNode() : startInBrowser())
  } catch (error) {
    // The system may have no threads left, or the page may not be allowed to start workers.
    throw error instanceof KernelError ? error : notStarted(start, error instanceof Error ? error.message : `${error}`)
  }

  async function startInNode(): Promise<PoolWorker> {
    const { Worker } = await import('node:worker_threads')
    // Node's own options are not passed on: a worker refuses some, such as --input-type.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] })
    const ready = readiness()
    worker.on('message', ready.message)
    worker.on('error', (error: Error) => ready.ended(error.message))
    worker.on('exit', code => ready.ended(`exit code ${code}`))
    worker.postMessage(start)
    await ready.promise
    worker.unref()
    return {
      keepAlive: wanted => (wanted ? worker.ref() : worker.unref()),
      terminate: async () => {
        await worker.terminate()
      },
    }
  }

  async function startInBrowser(): Promise<PoolWorker> {
    // The whole expression in one place, so that bundlers find the file.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
    const ready = readiness()
    worker.addEventListener('message', event => ready.message(event.data))
    worker.addEventListener('error', event => ready.ended(event.message || 'its script does not load'))
    worker.postMessage(start)
    await ready.promise
    return { keepAlive() {}, terminate: async () => worker.terminate() }
  }

  /** The first message says that the worker waits for jobs; before it, an end is a failed start. */
  function readiness() {
    let isReady = false
    let resolve: () => void
    let reject: (error: KernelError) => void
    const promise = new Promise<void>((...settle) => {
      ;[resolve, reject] = settle
    })
    return {
      promise,
      message(ok: boolean) {
        if (isReady) done(ok)
        isReady = true
        resolve()
      },
      ended(reason: string) {
        if (isReady) ended(reason)
        else reject(notStarted(start, reason))
      },
    }
  }
}
