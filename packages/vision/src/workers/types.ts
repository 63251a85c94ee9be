import type { Job, Reply } from '../loading/job.ts'

/** The messages of a worker to the thread that started it. */
export interface WorkerEvents {
  message(reply: Reply): void
  /** The worker has stopped, or never started. Also called after a `terminate`. */
  ended(reason: string): void
}

/** A worker, as the thread that started it sees it. */
export interface LoadingWorker {
  send(message: Job | number, transferred?: readonly ArrayBuffer[]): void
  /** Sets whether the worker keeps a Node process alive; at first it does not. */
  keepAlive(wanted: boolean): void
  /** Stops the worker. Resolves when it has stopped, or in browsers at once, as they do not tell. */
  terminate(): Promise<void>
}
