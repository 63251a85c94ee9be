import { mustNotBlock } from '#platform'
import { type Build, type Instance, instantiate } from './builds.ts'
import { notInstructions, trapped } from './errors.ts'
import { Pool } from './pool.ts'
import { inSlices } from './slices.ts'
import { Turns } from './turns.ts'

/** The addresses of some instructions: of the first word of each, and of the word after the last. */
export type Addresses = readonly number[]

/** One WebAssembly instance, which runs programs in its memory. All `Kernels` of a build share it. */
export interface Engine {
  readonly build: Build
  readonly instance: Instance
  /** Only the holder of the turn may call `grow` or `run`. */
  readonly turns: Turns
  /**
   * Resolves once this many threads have started.
   * @throws KernelError if they could not be started.
   */
  grow(threads: number): Promise<void>
  /**
   * Runs instructions on this many threads.
   * @throws KernelError if the words are not instructions, or if a thread ends during the run.
   */
  run(addresses: Addresses, threads: number): Promise<void>
}

export async function createEngine(build: Build, shared: boolean): Promise<Engine> {
  const instance = await instantiate(build, shared)
  if (shared) return new Pool(build, instance)
  const run = mustNotBlock() ? slicing(instance) : direct(instance)
  return { build, instance, turns: new Turns(), async grow() {}, run }
}

/** Runs on the calling thread and blocks it. */
function direct(instance: Instance): Engine['run'] {
  return async addresses => execute(instance, addresses[0], addresses[addresses.length - 1])
}

/** Runs on the calling thread, with pauses. */
function slicing(instance: Instance): Engine['run'] {
  return addresses => inSlices(addresses.length - 1, i => execute(instance, addresses[i], addresses[i + 1]))
}

function execute({ glue }: Instance, from: number, to: number): void {
  let wereInstructions: boolean
  try {
    wereInstructions = glue.execute(from, (to - from) / 4)
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw trapped(error)
    throw error
  }
  if (!wereInstructions) throw notInstructions()
}
