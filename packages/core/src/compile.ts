import type { Backend, Build, MemoryUse, State, StepTime } from './backend.ts'
import { ParameterError, ResidualError, ShapeError } from './errors.ts'
import { type Graph, graphOf } from './graph/graph.ts'
import type { Tensor } from './graph/tensor.ts'
import { optimize } from './passes/index.ts'
import { referenceBackend } from './reference/index.ts'
import { checkOptions, type Declared, oneOf, options, whole } from './schema/index.ts'
import { formatShape, sameShape, sizeOf } from './shape.ts'
import { misfitOf, readFloat32, type Weight } from './weights/index.ts'

/** Weights by name, each in PyTorch's layout (convolutions `[o, c / groups, kh, kw]`). */
export type Parameters = ReadonlyMap<string, Float32Array>

/** The outputs to compute, and the weights to compute them with. */
export interface Computation {
  readonly outputs: Readonly<Record<string, Tensor>>
  /**
   * Values for every parameter that the outputs depend on; others are ignored. A {@link Weight} is read when it is
   * packed, and programs made from the same weight share the packed copy.
   */
  readonly parameters?: ReadonlyMap<string, Float32Array | Weight>
  /**
   * The value that each of these parameters takes after a run, computed from the values before the run: a training
   * step. These parameters stay in the program, where {@link Program.read} and {@link Program.write} reach them.
   */
  readonly updates?: ReadonlyMap<Tensor<'parameter'>, Tensor>
}

/** The WebAssembly backend is loaded on first use, so that describing networks does not load kernels. */
const backends = {
  wasm: async (): Promise<Backend> => (await import('./wasm/index.ts')).wasmBackend,
  reference: async (): Promise<Backend> => referenceBackend,
}

export interface CompileOptions {
  /** Number of threads, default 1; more than one needs shared memory (in browsers: cross-origin isolation). */
  readonly threads?: number
  /** The WebAssembly build, default 'auto': relaxed SIMD where the engine supports it. */
  readonly build?: 'auto' | Build
  /** 'wasm' (the default) runs the kernels; 'reference' is plain TypeScript, which is slow but needs no WebAssembly. */
  readonly backend?: keyof typeof backends
}

export const compileOptions = options({
  threads: whole(1).default(1),
  build: oneOf('auto', 'simd128', 'relaxed').default('auto'),
  backend: oneOf(...(Object.keys(backends) as (keyof typeof backends)[])).default('wasm'),
} satisfies Declared<CompileOptions>)

/** A compiled graph with its weights and its memory. */
export interface Program {
  /**
   * Computes the outputs. Calls may overlap: they take turns, and each uses its inputs as they were at the call.
   * @param inputs the value of every `input` tensor by name, in row-major order
   * @returns the value of every output by name, in new arrays
   * @throws ShapeError when an input is missing, unknown or of the wrong length.
   * @throws KernelError (of @residual/kernels-wasm) when a thread ends during the run; the next call starts new
   *   threads.
   */
  run(inputs: Readonly<Record<string, Float32Array>>): Promise<Record<string, Float32Array | Int32Array>>
  /**
   * Computes the outputs once, step by step, and returns how long each step took. Fused operations are one step. With
   * several threads, each step's time includes about ten microseconds for handing it over.
   * @param inputs as for {@link run}
   */
  profile(inputs: Readonly<Record<string, Float32Array>>): Promise<StepTime[]>
  /** Returns copies of the updated parameters, by name, after every run requested earlier has ended. */
  read(): Promise<Map<string, Float32Array>>
  /**
   * Replaces updated parameters after every run requested earlier has ended.
   * @throws ParameterError for a parameter that the program does not update, or for values of the wrong length.
   */
  write(values: Parameters): Promise<void>
  /** The build that runs the program: 'simd128', 'relaxed' or 'reference'. */
  readonly build: string
  readonly threads: number
  readonly memory: MemoryUse
  /** Frees the memory after all runs have ended. Otherwise it is freed some time after the last reference is gone. */
  [Symbol.dispose](): void
}

/**
 * Compiles a graph into a program: checks the parameters, simplifies the graph (folds batch norms, fuses epilogues,
 * computes constants), and prepares weights and memory once for any number of runs.
 * @throws ParameterError that lists all parameters that are missing or of the wrong size; ShapeError for an update
 *   whose shape is not its parameter's; ResidualError for an unknown option or an option out of range.
 */
export async function compile(
  { outputs, parameters: given = new Map(), updates = new Map() }: Computation,
  options: CompileOptions = {},
): Promise<Program> {
  const { threads, build, backend: name } = checkOptions('compile', options, compileOptions)
  const names = Object.keys(outputs)
  checkUpdates(updates)
  const graph = graphOf([...Object.values(outputs), ...updates.values()])
  const changing = [...updates.keys()]
  const needed = [...new Set([...graph.parameters, ...changing])]
  checkParameters(needed, given)
  const backend = await backends[name]()
  const later = readLater(graph, backend)
  const parameters = await readNow(
    needed.filter(parameter => changing.includes(parameter) || !later.has(parameter)),
    given,
  )
  const optimized = optimize(graph, parameters, new Set(changing))
  const state = stateOf(changing, parameters)
  const stateNames = changing.map(({ attributes }) => attributes.name)
  const executable = await backend.prepare({ graph: optimized, state }, { threads, build })
  // The program does not keep the optimized graph: its weights are unpacked, and the kernels no longer need them.
  const inputNames = optimized.inputs.map(({ attributes }) => attributes.name)
  let isDisposed = false
  const checkAlive = (method: string) => {
    if (isDisposed) throw new ResidualError(`${method}: the program was disposed of; compile it again`)
  }
  const checked = (inputs: Readonly<Record<string, Float32Array>>): Float32Array[] => {
    checkAlive('run')
    checkInputs(graph, inputs)
    return inputNames.map(name => inputs[name])
  }
  return {
    build: executable.build,
    threads: executable.threads,
    memory: executable.memory,
    async run(inputs) {
      const results = await executable.run(checked(inputs))
      return Object.fromEntries(names.map((name, i) => [name, results[i]]))
    },
    async profile(inputs) {
      return executable.profile(checked(inputs))
    },
    async read() {
      checkAlive('read')
      const values = await executable.read()
      return new Map(stateNames.map((name, i) => [name, values[i]]))
    },
    async write(values) {
      checkAlive('write')
      checkState(changing, values)
      await executable.write(stateNames.map(name => values.get(name)))
    },
    [Symbol.dispose]() {
      if (!isDisposed) executable.dispose()
      isDisposed = true
    },
  }
}

/** The parameters that only the backend needs, which reads their values itself. */
function readLater(graph: Graph, backend: Backend): Set<Tensor> {
  const others = new Set([
    ...graph.outputs,
    ...graph.nodes.flatMap(node => node.inputs.filter((_, i) => !backend.readsWeights(node, i))),
  ])
  return new Set(graph.parameters.filter(parameter => !others.has(parameter)))
}

/** The same weights, with the values of these parameters in arrays. */
async function readNow(
  parameters: readonly Tensor<'parameter'>[],
  weights: ReadonlyMap<string, Float32Array | Weight>,
): Promise<ReadonlyMap<string, Float32Array | Weight>> {
  const values = parameters.map(async ({ attributes: { name } }): Promise<[string, Float32Array]> => {
    const given = weights.get(name)!
    return [name, given instanceof Float32Array ? given : await readFloat32(given)]
  })
  return new Map([...weights, ...(await Promise.all(values))])
}

/**
 * A separate function: a program keeps whatever its closures capture, and its memory already holds the first values.
 */
function stateOf(
  changing: readonly Tensor<'parameter'>[],
  parameters: ReadonlyMap<string, Float32Array | Weight>,
): State[] {
  return changing.map(parameter => ({
    parameter,
    initial: parameters.get(parameter.attributes.name) as Float32Array,
  }))
}

function checkUpdates(updates: ReadonlyMap<Tensor<'parameter'>, Tensor>): void {
  for (const [parameter, { shape, dtype }] of updates) {
    const { name } = parameter.attributes
    if (!sameShape(shape, parameter.shape) || dtype !== 'f32') {
      throw new ShapeError(
        `compile: got the ${dtype} update ${formatShape(shape)} of '${name}', wanted f32 ${formatShape(parameter.shape)}`,
      )
    }
  }
}

function checkState(state: readonly Tensor<'parameter'>[], values: Parameters): void {
  const sizes = new Map(state.map(({ attributes, shape }) => [attributes.name, sizeOf(shape)]))
  for (const [name, { length }] of values) {
    const size = sizes.get(name)
    if (size === undefined) throw new ParameterError(`write: '${name}' is not a parameter that the program updates`)
    if (length !== size) throw new ParameterError(`write: '${name}' has ${length} values, wanted ${size}`)
  }
}

function checkParameters(
  nodes: readonly Tensor<'parameter'>[],
  parameters: ReadonlyMap<string, Float32Array | Weight>,
): void {
  const problems = nodes.flatMap(({ attributes: { name }, shape }) => {
    const given = parameters.get(name)
    if (!given) return [`'${name}' ${formatShape(shape)} is missing`]
    const misfit = misfitOf(given, shape)
    return misfit === undefined ? [] : [`'${name}' ${misfit}`]
  })
  if (problems.length > 0) throw new ParameterError(`compile: parameters do not fit: ${problems.join('; ')}`)
}

function checkInputs(graph: Graph, given: Readonly<Record<string, Float32Array>>): void {
  const wanted = graph.inputs.map(({ attributes: { name }, shape }) => `'${name}' ${formatShape(shape)}`)
  const takes = wanted.length === 0 ? 'no inputs' : wanted.join(', ')
  for (const { attributes, shape } of graph.inputs) {
    const values = Object.hasOwn(given, attributes.name) ? given[attributes.name] : undefined
    if (!(values instanceof Float32Array)) {
      const what = values === undefined ? 'is missing' : 'is not a Float32Array'
      throw new ShapeError(`run: input '${attributes.name}' ${what}; the program takes ${takes}`)
    }
    if (values.length !== sizeOf(shape)) {
      throw new ShapeError(
        `run: got ${values.length} values for input '${attributes.name}', wanted ${sizeOf(shape)} for shape ${formatShape(shape)}`,
      )
    }
  }
  const unknown = Object.keys(given).find(name => !graph.inputs.some(({ attributes }) => attributes.name === name))
  if (unknown !== undefined) throw new ShapeError(`run: got an input '${unknown}'; the program takes ${takes}`)
}
