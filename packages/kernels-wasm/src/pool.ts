import type { Build, Instance } from './builds.ts'
import type { Addresses, Engine } from './engine.ts'
import { KernelError, notInstructions } from './errors.ts'
import { Turns } from './turns.ts'
import { type PoolWorker, startWorker } from './workers.ts'

/**
 * Threads that run programs and leave the caller's thread free. They are started when they are first needed, and again
 * after one of them has ended.
 */
export class Pool implements Engine {
  readonly turns = new Turns()
  private team: Team | undefined

  constructor(
    readonly build: Build,
    readonly instance: Instance,
  ) {}

  async grow(threads: number): Promise<void> {
    await this.teamOf(threads)
  }

  async run(addresses: Addresses, threads: number): Promise<void> {
    return (await this.teamOf(threads)).run(addresses, threads)
  }

  private async teamOf(threads: number): Promise<Team> {
    if (!this.team || this.team.failure) this.team = new Team(this.build, this.instance)
    await this.team.grow(threads)
    return this.team
  }
}

/** Bytes that a worker allocates when it starts: its stack (see worker.js) and its thread-local storage. */
const THREAD_BYTES = 2 ** 20 + 2 ** 16

/** Workers around one control block. When one ends, all are ended, since the others would wait for it forever. */
class Team {
  failure: KernelError | undefined
  private readonly workers: PoolWorker[] = []
  /** Never freed, because browsers do not tell when workers have stopped using it. */
  private readonly control: number
  private job: { resolve(): void; reject(failure: KernelError): void } | undefined

  constructor(
    private readonly build: Build,
    private readonly instance: Instance,
  ) {
    const words = instance.glue.controlWords()
    this.control = instance.heap.allocate(words * 4)
    new Uint32Array(instance.memory.buffer, this.control, words).fill(0)
  }

  async grow(threads: number): Promise<void> {
    const count = threads - this.workers.length
    if (count <= 0) return
    const { module, memory, heap } = this.instance
    const events = { done: (ok: boolean) => this.done(ok), ended: (reason: string) => this.end(reason) }
    // A starting worker writes to memory that it allocates. If another had made the memory grow for it, it might not
    // yet know (V8 notifies threads by interrupts), and the write would be out of bounds.
    const results = await heap.reserve(count * THREAD_BYTES, () => {
      const starts = Array.from({ length: count }, (_, i) => {
        const thread = this.workers.length + i
        return startWorker({ build: this.build, module, memory, control: this.control, thread, threads }, events)
      })
      return Promise.allSettled(starts)
    })
    for (const result of results) if (result.status === 'fulfilled') this.workers.push(result.value)
    for (const result of results) if (result.status === 'rejected') this.failure ??= result.reason
    if (this.failure) {
      await this.terminate()
      throw this.failure
    }
  }

  run(addresses: Addresses, threads: number): Promise<void> {
    const [from, to] = [addresses[0], addresses[addresses.length - 1]]
    return new Promise((resolve, reject) => {
      this.job = { resolve, reject }
      this.workers[0].keepAlive(true)
      this.instance.glue.start(this.control, from, (to - from) / 4, threads)
    })
  }

  private done(ok: boolean): void {
    this.workers[0].keepAlive(false)
    if (ok) this.job?.resolve()
    else this.job?.reject(notInstructions())
    this.job = undefined
  }

  private async end(reason: string): Promise<void> {
    if (this.failure) return
    const [why] = reason.split('\n')
    this.failure = new KernelError(`threads: a worker ended unexpectedly (${why}); the next call starts new ones`)
    // The caller may free the program's memory as soon as it gets the error, so no thread may still write to it.
    await this.terminate()
    this.job?.reject(this.failure)
  }

  private async terminate(): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.terminate()))
  }
}
