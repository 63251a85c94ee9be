import { mustNotBlock } from '#platform'
import { type Build, chooseBuild, threadsSupported } from './builds.ts'
import { encode } from './encode.ts'
import { createEngine, type Engine } from './engine.ts'
import { KernelError } from './errors.ts'
import { type Instruction, MAX_THREADS } from './instructions.generated.ts'

export interface KernelOptions {
  /**
   * The number of threads, 1 to 64; default 1. It is always 1 if memory cannot be shared.
   *
   * Several threads are all workers. A single thread is a worker if the caller is a browser's main thread; otherwise it
   * is the caller's thread.
   */
  threads?: number
  /** Instruction set; `auto` takes the fastest that the engine supports. Default `auto`. */
  build?: Build | 'auto'
}

/** A program in WebAssembly memory. */
export interface LoadedProgram {
  readonly address: number
  readonly bytes: number
  /** Where each instruction begins, in words from `address`; the last entry is the number of words. */
  readonly offsets: readonly number[]
}

/** Runs a program, or its instructions from `first` to before `end`, like {@link Kernels.execute}. */
export type Execute = (program: LoadedProgram, first?: number, end?: number) => Promise<void>

const engines = new Map<string, Promise<Engine>>()

function engineOf(build: Build, shared: boolean): Promise<Engine> {
  const key = `${build} ${shared}`
  let engine = engines.get(key)
  if (!engine) {
    engine = createEngine(build, shared)
    engines.set(key, engine)
    // A failed download may be tried again.
    engine.catch(() => engines.delete(key))
  }
  return engine
}

/**
 * Loads the kernels, once for each build.
 * @throws KernelError if the options are wrong or the engine has no WebAssembly SIMD.
 */
export async function loadKernels({ threads = 1, build = 'auto' }: KernelOptions = {}): Promise<Kernels> {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new KernelError(`threads: got ${threads}, wanted a whole number from 1 to ${MAX_THREADS}`)
  }
  const chosen = chooseBuild(build)
  if (threadsSupported() && (threads > 1 || mustNotBlock())) {
    try {
      const engine = await engineOf(chosen, true)
      await engine.turns.take(() => engine.grow(threads))
      return new Kernels(engine, threads)
    } catch (error) {
      // A page that may not start workers can still use one thread, its own.
      if (threads > 1) throw error
    }
  }
  return new Kernels(await engineOf(chosen, false), 1)
}

/** The memory and programs of one WebAssembly instance. Addresses are in bytes; 0 means no address. */
export class Kernels {
  constructor(
    private readonly engine: Engine,
    /** The number of threads that programs run on. */
    readonly threads: number,
  ) {}

  get build(): Build {
    return this.engine.build
  }

  /** The memory that addresses refer to: one for each build, and another one for threads. */
  get memory(): WebAssembly.Memory {
    return this.engine.instance.memory
  }

  /**
   * Allocates this many bytes with undefined content, aligned to 64, and returns their address.
   * @throws MemoryError if WebAssembly's memory is exhausted.
   */
  allocate(bytes: number): number {
    return this.engine.instance.heap.allocate(bytes)
  }

  /** Frees what {@link allocate} returned for the same number of bytes. */
  release(address: number, bytes: number): void {
    this.engine.instance.heap.release(address, bytes)
  }

  /** A view of memory, valid until the next {@link allocate}. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.engine.instance.memory.buffer, address, count)
  }

  /** A view of memory as integers, valid until the next {@link allocate}. */
  integers(address: number, count: number): Int32Array {
    return new Int32Array(this.engine.instance.memory.buffer, address, count)
  }

  /**
   * Writes a program into memory; free it with {@link unload}.
   * @param scratch the address that replaces {@link SCRATCH}; default 0
   */
  load(instructions: readonly Instruction[], scratch?: number): LoadedProgram {
    const { words, offsets } = encode(instructions, scratch)
    const address = this.allocate(words.byteLength)
    new Uint32Array(this.engine.instance.memory.buffer, address, words.length).set(words)
    return { address, bytes: words.byteLength, offsets }
  }

  unload(program: LoadedProgram): void {
    this.release(program.address, program.bytes)
  }

  /**
   * Runs `work` after all work requested earlier and before all work requested later: programs of a build share one
   * memory, so they take turns.
   * @param work runs programs with the given function, and waits for each
   */
  inTurn<T>(work: (execute: Execute) => Promise<T>): Promise<T> {
    return this.engine.turns.take(() =>
      work(({ address, offsets }, first = 0, end = offsets.length - 1) =>
        this.engine.run(
          offsets.slice(first, end + 1).map(offset => address + offset * 4),
          this.threads,
        ),
      ),
    )
  }

  /**
   * Runs a program, or its instructions from `first` to before `end`, when its turn comes. It has ended when the
   * promise settles; do not touch the program's memory until then.
   * @throws KernelError if a thread ends during the run; the next call starts new threads, and finds the memory as it
   *   was left.
   */
  execute(program: LoadedProgram, first?: number, end?: number): Promise<void> {
    return this.inTurn(execute => execute(program, first, end))
  }

  /** Loads, runs and frees a program that is needed only once. */
  async executeOnce(instructions: readonly Instruction[]): Promise<void> {
    const program = this.load(instructions)
    try {
      await this.execute(program)
    } finally {
      this.unload(program)
    }
  }
}
