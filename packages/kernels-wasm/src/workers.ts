import { startThread } from '#platform'
import { KernelError } from './errors.ts'

/** The data that a worker needs to take part. */
export interface WorkerStart {
  build: 'simd128' | 'relaxed'
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  /** Address of the pool's control block. */
  control: number
  /** The worker's thread number, from 0, and the number of threads. */
  thread: number
  threads: number
}

/** The messages of a worker to the thread that started it. */
export interface ThreadEvents {
  /**
   * The first message means that the worker waits for jobs; then one per job tells whether its words were a program.
   */
  message(ok: boolean): void
  /** The worker has stopped, or never started. Also called after a `terminate`. */
  ended(reason: string): void
}

/** A worker, as the thread that started it sees it. */
export interface Thread {
  send(message: WorkerStart): void
  /** Sets whether the worker keeps a Node process alive. */
  keepAlive(wanted: boolean): void
  /** Stops the worker. Resolves when it has stopped, or in browsers at once, as they do not tell. */
  terminate(): Promise<void>
}

/** A thread of a pool, which waits for jobs; at first it does not keep a Node process alive. */
export type PoolWorker = Omit<Thread, 'send'>

/** The events of a worker after it has started. */
export interface WorkerEvents {
  /** The job is done; `ok` is false if its words were not a program. Thread 0 reports it for all. */
  done(ok: boolean): void
  /** The worker has stopped, or may no longer run correctly. */
  ended(reason: string): void
}

/**
 * Starts a worker and resolves once it waits for jobs.
 * @throws KernelError if it could not be started.
 */
export async function startWorker(start: WorkerStart, { done, ended }: WorkerEvents): Promise<PoolWorker> {
  let isReady = false
  try {
    const worker = await new Promise<Thread>((resolve, reject) => {
      // The first message means that the worker waits for jobs; an end before it is a failed start.
      const thread = startThread({
        message(ok) {
          if (isReady) done(ok)
          isReady = true
          resolve(thread)
        },
        ended(reason) {
          if (isReady) ended(reason)
          else reject(new Error(reason))
        },
      })
      thread.send(start)
    })
    worker.keepAlive(false)
    return worker
  } catch (error) {
    // The system may have no threads left, or the page may not be allowed to start workers.
    throw notStarted(start, error instanceof Error ? error.message : `${error}`)
  }
}

function notStarted({ thread, threads }: WorkerStart, reason: string): KernelError {
  const fewer = thread > 0 ? `ask for at most ${thread}` : 'ask for 1'
  return new KernelError(`threads: worker ${thread + 1} of ${threads} could not be started (${reason}); ${fewer}`)
}
