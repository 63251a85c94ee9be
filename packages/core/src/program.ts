import type { Graph } from './graph.ts'
import type { OpName } from './ops/index.ts'
import type { Shape } from './shape.ts'

/** Which WebAssembly build runs a program: SIMD, or relaxed SIMD with its fused multiply-add. */
export type Build = 'simd128' | 'relaxed'

/** Sizes in bytes. */
export interface MemoryUse {
  readonly weights: number
  /** The arena that all intermediate tensors share. */
  readonly activations: number
  readonly instructions: number
}

/** One step of a program, and how long it took. */
export interface StepTime {
  /** The layer by its parameters' names, such as `layer1.0.conv1`; empty for operations without any. */
  readonly name: string
  readonly operation: OpName
  /** What computed it: the kernels' instructions, or 'reference'. */
  readonly kernel: string
  /** Shape of the output. */
  readonly shape: Shape
  /** Multiply-accumulates. */
  readonly macs: number
  readonly milliseconds: number
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
  /** Runs the graph once, step by step, and times each of them. */
  profile(inputs: readonly Float32Array[]): Promise<StepTime[]>
  dispose(): void
}

/** A way to run graphs. */
export type Backend = (graph: Graph) => Promise<Executable>
