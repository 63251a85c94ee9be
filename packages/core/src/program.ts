import type { Graph } from './graph.ts'

/** Which WebAssembly build runs a program: SIMD, or relaxed SIMD with its fused multiply-add. */
export type Build = 'simd128' | 'relaxed'

/** Sizes in bytes. */
export interface MemoryUse {
  readonly weights: number
  /** The arena that all intermediate tensors share. */
  readonly activations: number
  readonly instructions: number
}

/** What a backend makes of a graph whose leaves are inputs and constants. */
export interface Executable {
  readonly build: string
  readonly threads: number
  readonly memory: MemoryUse
  /**
   * Runs the graph once.
   * @param inputs values of `graph.inputs`, in order, of the right lengths
   * @returns values of `graph.outputs`, in order, in arrays that the caller may keep
   */
  run(inputs: readonly Float32Array[]): Promise<(Float32Array | Int32Array)[]>
  dispose(): void
}

/** A way to run graphs. */
export type Backend = (graph: Graph) => Promise<Executable>
