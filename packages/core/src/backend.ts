import type { Graph } from './graph/graph.ts'
import type { Tensor } from './graph/tensor.ts'
import type { OpName } from './ops/index.ts'
import type { Shape } from './shape.ts'

/** Which WebAssembly build runs a program: SIMD, or relaxed SIMD with its fused multiply-add. */
export type Build = 'simd128' | 'relaxed'

/** Sizes in bytes. */
export interface MemoryUse {
  readonly weights: number
  /** The arena that all intermediate tensors share, and the scratch memory that operations use one after the other. */
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
  /** Bytes of its inputs and its output, each once. */
  readonly bytes: number
  readonly milliseconds: number
}

/** A parameter that a program changes: after each run it has the value that the run computed for it. */
export interface State {
  readonly parameter: Tensor<'parameter'>
  readonly initial: Float32Array
}

/** What a backend runs. The graph's leaves are inputs, constants, and the parameters that are state. */
export interface Routine {
  /** Its outputs are the results, then the next value of each state. */
  readonly graph: Graph
  readonly state: readonly State[]
}

/** What a backend makes of a routine. */
export interface Executable {
  readonly build: string
  readonly threads: number
  readonly memory: MemoryUse
  /**
   * Runs the graph once.
   * @param inputs values of `graph.inputs`, in order, of the right lengths
   * @returns the results, in order, in arrays that the caller may keep
   */
  run(inputs: readonly Float32Array[]): Promise<(Float32Array | Int32Array)[]>
  /** Runs the graph once, step by step, and times each of them. */
  profile(inputs: readonly Float32Array[]): Promise<StepTime[]>
  /** Copies of all state, in order, after the runs that were asked for before. */
  read(): Promise<Float32Array[]>
  /** Replaces state, of which `undefined` is left as it is, after the runs that were asked for before. */
  write(values: readonly (Float32Array | undefined)[]): Promise<void>
  dispose(): void
}

export interface BackendOptions {
  readonly threads: number
  readonly build: 'auto' | Build
}

/** A way to run graphs. */
export interface Backend {
  /**
   * Whether it reads the weights that are this input of a node itself while it prepares the node, from wherever they
   * are. Otherwise it gets them in arrays.
   */
  readsWeights(node: Tensor, input: number): boolean
  prepare(routine: Routine, options: BackendOptions): Promise<Executable>
}
