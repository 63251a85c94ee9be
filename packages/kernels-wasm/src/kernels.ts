import { type Build, chooseBuild, type Instance, instantiate, threadsSupported } from './builds.ts'
import { encode } from './encode.ts'
import { KernelError, MemoryError } from './errors.ts'
import type { Instruction } from './instructions.generated.ts'
import { startWorker } from './workers.ts'

export interface KernelOptions {
  /** Threads to run on, this one included: 1 to 64. Where memory cannot be shared it is 1 whatever is asked. Default 1. */
  threads?: number
  /** Instruction set; `auto` takes the fastest that the engine has. Default `auto`. */
  build?: Build | 'auto'
}

/** A program in WebAssembly memory. */
export interface LoadedProgram {
  readonly address: number
  readonly words: number
}

const MAX_THREADS = 64

/** One WebAssembly instance and its workers; all kernels of a build share one. */
class Engine {
  readonly control: number
  private started = 0
  private starting: Promise<void> = Promise.resolve()

  constructor(
    readonly build: Build,
    readonly instance: Instance,
  ) {
    this.control = instance.glue.allocate(instance.glue.controlWords() * 4)
  }

  /** Resolves once `count` workers wait for jobs. */
  ensureWorkers(count: number): Promise<void> {
    const start = async () => {
      const { module, memory, glue } = this.instance
      for (; this.started < count; this.started++) {
        const last = glue.currentJob(this.control)
        await startWorker({ build: this.build, module, memory, control: this.control, thread: this.started + 1, last })
      }
    }
    // One after the other; a failed start may be tried again.
    this.starting = this.starting.then(start, start)
    return this.starting
  }
}

const engines = new Map<string, Promise<Engine>>()

/**
 * Loads the kernels, once for each build.
 * @throws KernelError where the options are wrong or the engine has no WebAssembly SIMD.
 */
export async function loadKernels({ threads = 1, build = 'auto' }: KernelOptions = {}): Promise<Kernels> {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new KernelError(`threads: got ${threads}, wanted a whole number from 1 to ${MAX_THREADS}`)
  }
  const chosen = chooseBuild(build)
  const shared = threads > 1 && threadsSupported()
  const key = `${chosen} ${shared}`
  let engine = engines.get(key)
  if (!engine) {
    engine = instantiate(chosen, shared).then(instance => new Engine(chosen, instance))
    engines.set(key, engine)
    // A failed download may be tried again.
    engine.catch(() => engines.delete(key))
  }
  const used = shared ? threads : 1
  await (await engine).ensureWorkers(used - 1)
  return new Kernels(await engine, used)
}

/** Memory and programs of one WebAssembly instance. Addresses are bytes; 0 is none. */
export class Kernels {
  constructor(
    private readonly engine: Engine,
    /** Threads that programs run on. */
    readonly threads: number,
  ) {}

  get build(): Build {
    return this.engine.build
  }

  /**
   * Address of so many zeroed bytes, aligned to 64.
   * @throws MemoryError where WebAssembly's memory is exhausted.
   */
  allocate(bytes: number): number {
    const address = bytes < 2 ** 32 ? this.engine.instance.glue.allocate(bytes) : 0
    if (address === 0) {
      const megabytes = Math.ceil(bytes / 2 ** 20)
      throw new MemoryError(
        `memory: ${megabytes} MB more do not fit into WebAssembly's memory (4 GB, 2 GB in one piece); use a smaller batch or input, or dispose of models`,
      )
    }
    return address
  }

  /** Gives back what {@link allocate} returned for as many bytes. */
  release(address: number, bytes: number): void {
    this.engine.instance.glue.release(address, bytes)
  }

  /** A view of memory, valid until the next {@link allocate}. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.engine.instance.memory.buffer, address, count)
  }

  /** A view of memory as integers, valid until the next {@link allocate}. */
  integers(address: number, count: number): Int32Array {
    return new Int32Array(this.engine.instance.memory.buffer, address, count)
  }

  /** Writes a program into memory; free it with {@link unload}. */
  load(instructions: readonly Instruction[]): LoadedProgram {
    const words = encode(instructions)
    const address = this.allocate(words.length * 4)
    new Uint32Array(this.engine.instance.memory.buffer, address, words.length).set(words)
    return { address, words: words.length }
  }

  unload(program: LoadedProgram): void {
    this.release(program.address, program.words * 4)
  }

  /** Runs a program to its end on all threads. */
  execute(program: LoadedProgram): void {
    const { glue } = this.engine.instance
    const maySleep = typeof document === 'undefined'
    if (!glue.execute(this.engine.control, program.address, program.words, this.threads, maySleep)) {
      throw new KernelError('kernels: the program holds words that are no instruction')
    }
  }

  /** Loads, runs and frees a program that is needed once. */
  executeOnce(instructions: readonly Instruction[]): void {
    const program = this.load(instructions)
    try {
      this.execute(program)
    } finally {
      this.unload(program)
    }
  }
}
