import {
  type CompileOptions,
  compile,
  fromFloat32,
  input,
  type Program,
  readFloat32,
  type Shape,
  ShapeError,
  type StepTime,
  sizeOf,
  type Weight,
} from '@residual/core'
import { type Preprocessing, preprocess, type RgbImage } from '@residual/vision'
import { ModelError } from './errors.ts'
import { resnet } from './network.ts'
import type { Architecture } from './row.ts'
import { softmaxOf } from './scores.ts'
import { shapesOf } from './weights/index.ts'

/** A class and the model's confidence in it. */
export interface Prediction {
  readonly label: string
  /** Softmax of the logits, 0 to 1. */
  readonly score: number
  /** Index of the class in `labels`. */
  readonly index: number
}

/** The result of {@link Model.classify}. */
export interface Classification {
  /** The most likely classes, in descending order. */
  readonly predictions: readonly Prediction[]
  /** The network's output: one number for each class. */
  readonly logits: Float32Array
}

/** The parts of a model. {@link loadModel} collects them from files. */
export interface ModelParts {
  readonly name: string
  /** The architecture, with the number of classes of the weights. */
  readonly architecture: Architecture
  /** The name of each class. */
  readonly labels: readonly string[]
  readonly preprocessing: Preprocessing
  /** Weights and running statistics, or their values, by torchvision's names. They must not change afterwards. */
  readonly parameters: ReadonlyMap<string, Weight | Float32Array>
  /** The file that the weights are read from; closed when the model is disposed of. */
  readonly file?: { close(): void }
}

/** The build and the threads that run a model, and the memory that they use. */
export type Runtime = Pick<Program, 'build' | 'threads' | 'memory'>

/**
 * How many programs a model keeps. They share their weights, but each has its own memory for intermediate tensors. A
 * data set needs two: one for full batches and one for the last batch.
 */
const PROGRAMS_KEPT = 2

/**
 * A network with its weights and everything that is needed to classify images. It compiles a program for each batch
 * size and image size on first use. Calls may overlap: programs take turns.
 */
export class Model {
  readonly name: string
  readonly architecture: Architecture
  readonly labels: readonly string[]
  readonly preprocessing: Preprocessing
  /**
   * Weights and running statistics in their stored form, in memory or in a file; {@link readParameters} returns their
   * values. Programs compiled from them share the packed weights.
   */
  readonly parameters: ReadonlyMap<string, Weight>
  readonly #file: ModelParts['file']
  readonly #options: CompileOptions
  /** The compiled programs, the last used one last. */
  readonly #programs = new Map<string, Promise<Program>>()
  #isDisposed = false

  constructor(parts: ModelParts, options: CompileOptions = {}) {
    const { name, architecture, labels, preprocessing, parameters, file } = parts
    this.name = name
    this.architecture = architecture
    this.labels = labels
    this.preprocessing = preprocessing
    this.parameters = asWeights(parameters, architecture)
    this.#file = file
    this.#options = options
  }

  /**
   * Compiles the program that the first call would compile, so that this call is as fast as later ones. Returns the
   * build, the threads and the memory that it will use.
   * @param n number of images in the batch; default 1.
   * @param side height and width of the images in pixels; default the size that {@link classify} crops to.
   */
  async prepare(n = 1, side = this.preprocessing.crop): Promise<Runtime> {
    const { build, threads, memory } = await this.#program(n, side)
    return { build, threads, memory }
  }

  /**
   * Reads the values of all weights and running statistics, by name. 32-bit floats in memory are not copied.
   * @throws ModelError if they are in a file that has changed, or if the model has been disposed of.
   */
  async readParameters(): Promise<Map<string, Float32Array>> {
    const values = new Map<string, Float32Array>()
    for (const [name, weight] of this.parameters) values.set(name, await readFloat32(weight))
    return values
  }

  /**
   * Computes the network's output for a batch.
   * @param images normalised pixels `[n, side, side, 3]`, as `preprocess` of @residual/vision makes them.
   * @returns `[n, classes]`
   * @throws ShapeError if `images` does not have the length of `n` square images, ModelError if the output is not
   *   finite.
   */
  logits(images: Float32Array, n: number): Promise<Float32Array> {
    return this.#run(images, n, 'logits')
  }

  /**
   * Measures how long each operation takes for a batch.
   * @param images as in {@link logits}.
   * @throws ShapeError as in {@link logits}.
   */
  profile(images: Float32Array, n: number): Promise<StepTime[]> {
    return this.#withProgram(images, n, program => program.profile({ images }))
  }

  /**
   * Computes the vectors before the classifier for a batch. They are useful to compare images.
   * @param images normalised pixels `[n, side, side, 3]`, as `preprocess` of @residual/vision makes them.
   * @returns `[n, features]`
   * @throws ShapeError if `images` does not have the length of `n` square images, ModelError if the output is not
   *   finite.
   */
  embed(images: Float32Array, n: number): Promise<Float32Array> {
    return this.#run(images, n, 'embedding')
  }

  /**
   * Resizes, crops and normalises an image for the model, and returns the `topk` most likely classes; default 5.
   * @throws ModelError if `topk` is not a positive integer, or if the output is not finite.
   */
  async classify(image: RgbImage, { topk = 5 }: { topk?: number } = {}): Promise<Classification> {
    if (!Number.isInteger(topk) || topk < 1) throw new ModelError(`classify: got topk ${topk}, wanted at least 1`)
    const logits = await this.logits(preprocess(image, this.preprocessing), 1)
    const predictions = softmaxOf(logits)
      .map((score, index) => ({ label: this.labels[index], score, index }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topk)
    return { predictions, logits }
  }

  /** Frees the compiled programs after current calls have ended. The garbage collector frees forgotten models. */
  [Symbol.dispose](): void {
    this.#isDisposed = true
    const freed = this.#keepPrograms(0)
    // Programs that are being compiled still read their weights.
    Promise.all(freed).then(() => this.#file?.close())
  }

  #run(images: Float32Array, n: number, output: 'logits' | 'embedding'): Promise<Float32Array> {
    return this.#withProgram(images, n, async program => {
      const values = (await program.run({ images }))[output] as Float32Array
      if (values.every(Number.isFinite)) return values
      throw new ModelError(`${this.name} gives numbers that are not finite; its weights or the images are damaged`)
    })
  }

  async #withProgram<T>(images: Float32Array, n: number, use: (program: Program) => Promise<T>): Promise<T> {
    const side = Math.sqrt(images.length / n / 3)
    if (!Number.isInteger(n) || n < 1 || !Number.isInteger(side) || side < 1) {
      throw new ShapeError(
        `${this.name}: got ${images.length} values for ${n} images, wanted [n, side, side, 3] with n at least 1`,
      )
    }
    return this.#program(n, side).then(use)
  }

  /** The program for a size. A caller that uses it at once does so before any later disposal of the program. */
  #program(n: number, side: number): Promise<Program> {
    if (this.#isDisposed) return Promise.reject(new ModelError(`${this.name} was disposed of; load it again`))
    const key = `${n} of ${side}`
    let program = this.#programs.get(key)
    if (!program) {
      const compiling = this.#compile(n, side, this.#keepPrograms(PROGRAMS_KEPT - 1))
      // Forget a failed compilation, so that the next call tries again.
      compiling.catch(() => this.#programs.get(key) === compiling && this.#programs.delete(key))
      program = compiling
    }
    this.#programs.delete(key)
    this.#programs.set(key, program)
    return program
  }

  async #compile(n: number, side: number, freed: readonly Promise<void>[]): Promise<Program> {
    await Promise.all(freed)
    const { logits, embedding } = resnet(this.architecture, input('images', [n, side, side, 3]))
    return compile({ outputs: { logits, embedding }, parameters: this.parameters }, this.#options)
  }

  /** Disposes of all programs but the `count` last used, each after it is compiled. */
  #keepPrograms(count: number): Promise<void>[] {
    return [...this.#programs].slice(0, Math.max(0, this.#programs.size - count)).map(([key, program]) => {
      this.#programs.delete(key)
      return program.then(
        program => program[Symbol.dispose](),
        () => {},
      )
    })
  }
}

/** Turns plain values into weights. They get the shape of the network's parameter if their number fits it. */
function asWeights(parameters: ModelParts['parameters'], arch: Architecture): ReadonlyMap<string, Weight> {
  let shapes: ReadonlyMap<string, Shape> | undefined
  const weightOf = (name: string, values: Float32Array): Weight => {
    shapes ??= shapesOf(arch)
    const shape = shapes.get(name)
    return fromFloat32(values, shape && sizeOf(shape) === values.length ? shape : [values.length], 'F32')
  }
  return new Map(
    Array.from(parameters, ([name, given]) => [name, given instanceof Float32Array ? weightOf(name, given) : given]),
  )
}
