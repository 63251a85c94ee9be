import type { Graph } from './graph/graph.ts'
import type { Tensor } from './graph/tensor.ts'
import type { OpName } from './ops/index.ts'
import type { Shape } from './shape.ts'

/** Which WebAssembly build runs a program: SIMD, or relaxed SIMD with its fused multiply-add. */
export type Build = 'simd128' | 'relaxed'

/** Sizes in bytes. */
export interface MemoryUse {
  readonly weights: number
  /** The arena that all intermediate tensors share, and the scratch memory that operations use in turn. */
  readonly activations: number
  readonly instructions: number
}

/** One step of a program, and how long it took. */
export interface StepTime {
  /** The layer, named after its parameters, such as `layer1.0.conv1`; empty for operations without parameters. */
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

/** A parameter that a program changes: each run computes its next value. */
export interface State {
  readonly parameter: Tensor<'parameter'>
  readonly initial: Float32Array
}

/** A graph for a backend to run. Its leaves are inputs, constants, and the parameters that are state. */
export interface Routine {
  /** The outputs are the results, then the next value of each state. */
  readonly graph: Graph
  readonly state: readonly State[]
}

/** A routine that a backend has prepared for running. */
export interface Executable {
  readonly build: string
  readonly threads: number
  readonly memory: MemoryUse
  /**
   * Runs the graph once.
   * @param inputs values of `graph.inputs`, in order and of the right lengths
   * @returns the results, in order, in arrays that the caller may keep
   */
  run(inputs: readonly Float32Array[]): Promise<(Float32Array | Int32Array)[]>
  /** Runs the graph once, step by step, and times each step. */
  profile(inputs: readonly Float32Array[]): Promise<StepTime[]>
  /** Returns copies of all state, in order, after every run requested earlier has ended. */
  read(): Promise<Float32Array[]>
  /** Replaces state after every run requested earlier has ended; `undefined` leaves a value as it is. */
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
   * Whether the backend itself reads the weights at this input of a node, wherever they are stored, while it prepares
   * the node. Otherwise it gets them in arrays.
   */
  readsWeights(node: Tensor, input: number): boolean
  prepare(routine: Routine, options: BackendOptions): Promise<Executable>
}
