import type { Job, Reply } from '../loading/job.ts'

/** What a worker sends to the thread that started it. */
export interface WorkerEvents {
  message(reply: Reply): void
  /** It runs no more, or never did. Comes after a `terminate` as well. */
  ended(reason: string): void
}

/** A worker, as the thread that started it sees it. */
export interface LoadingWorker {
  send(message: Job | number, transferred?: readonly ArrayBuffer[]): void
  /** Whether it keeps a Node process alive, at first not. */
  keepAlive(wanted: boolean): void
  /** Resolves once it runs no more, as far as can be told. */
  terminate(): Promise<void>
}
