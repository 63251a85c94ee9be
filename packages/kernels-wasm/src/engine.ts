import { type Build, type Instance, instantiate } from './builds.ts'
import { notInstructions, trapped } from './errors.ts'
import { Pool } from './pool.ts'
import { inSlices } from './slices.ts'
import { Turns } from './turns.ts'

/** Where instructions lie: addresses of the first word of each, and of the word after the last. */
export type Addresses = readonly number[]

/** One WebAssembly instance, and how programs in its memory are run; all kernels of a build share it. */
export interface Engine {
  readonly build: Build
  readonly instance: Instance
  /**
   * Resolves once so many threads are there.
   * @throws KernelError where they could not be started.
   */
  grow(threads: number): Promise<void>
  /**
   * Runs instructions on so many threads, after those it was asked for before.
   * @throws KernelError where they are no instructions, and where a thread ended on the way.
   */
  run(addresses: Addresses, threads: number): Promise<void>
}

/** Whether this is a browser's main thread, which is not to be held up. */
export const onPage = () => typeof document !== 'undefined'

export async function createEngine(build: Build, shared: boolean): Promise<Engine> {
  const instance = await instantiate(build, shared)
  if (shared) return new Pool(build, instance)
  return { build, instance, async grow() {}, run: onPage() ? slicing(instance) : direct(instance) }
}

/** Runs on the calling thread, which does nothing else meanwhile. */
function direct(instance: Instance): Engine['run'] {
  return async addresses => execute(instance, addresses[0], addresses[addresses.length - 1])
}

/** Runs on the calling thread, with pauses. */
function slicing(instance: Instance): Engine['run'] {
  const turns = new Turns()
  return addresses =>
    turns.take(() => inSlices(addresses.length - 1, i => execute(instance, addresses[i], addresses[i + 1])))
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
