import { type CompileOptions, compile, input, type Tensor, turn } from '@residual/core'
import type { EvaluateOptions, Model, ResidualBlock } from '@residual/resnet'
import { ModelError, requireSameClasses, resnet } from '@residual/resnet'
import { loadBatches, type TrainingSource } from '@residual/vision'
import { withReplaced } from './rebuild.ts'
import { score } from './score.ts'

/** The damage: remove a block, or swap a block and the next one. */
export type Damage = 'remove' | 'swap'

export interface AblateOptions extends EvaluateOptions, CompileOptions {
  /** Default remove. */
  readonly damage?: Damage
}

/** The accuracy and the loss of a network that is damaged in one place. */
export interface Ablated {
  /** The block that was removed, or the first of the two that were swapped. */
  readonly block: string
  /** Fraction of the images whose class has the largest logit, 0 to 1. */
  readonly top1: number
  /** Mean cross-entropy in nats. */
  readonly loss: number
}

/** The result of {@link ablate}. */
export interface Ablation {
  readonly model: string
  readonly architecture: string
  readonly damage: Damage
  readonly images: number
  /** Accuracy of the whole network. */
  readonly top1: number
  /** Loss of the whole network. */
  readonly loss: number
  /** One damaged network for each block, in the order of the blocks. */
  readonly blocks: readonly Ablated[]
  /**
   * Blocks that cannot be damaged. A block can be removed if it keeps the shape or has a shortcut, and swapped if it
   * and the next block keep the shape.
   */
  readonly skipped: readonly string[]
}

/**
 * Damaged networks per program: many share the cost of their common layers, few keep the weights of a program small.
 */
const IN_ONE_PROGRAM = 8

/**
 * Measures how well a network does without each of its blocks, or with each pair of neighbouring blocks swapped (Veit
 * et al., "Residual Networks Behave Like Ensembles of Relatively Shallow Networks", 2016). A removed block leaves its
 * shortcut. In a plain network it leaves its input, if that has the right shape.
 *
 * The damaged networks of a program share the layers before the damage, which are computed once.
 *
 * @throws ModelError if the model's classes differ from those of the images in number, name or order, or if no block
 *   can be damaged in this way; VisionError for a file that cannot be read; the signal's reason once it is aborted.
 */
export async function ablate(model: Model, data: TrainingSource, options: AblateOptions = {}): Promise<Ablation> {
  const { damage = 'remove', limit = data.length, ignoreNames = false, onProgress, ...rest } = options
  const { signal, worker, batch, ...compileOptions } = rest
  requireSameClasses(model, data, ignoreNames)
  const { architecture: arch, preprocessing, parameters } = model
  const images = Math.min(limit, data.length)
  // Images for ImageNet are fifty times as large.
  const n = Math.min(images, batch ?? (arch.family === 'cifar' ? 100 : 8))
  const network = resnet(arch, input('images', [n, preprocessing.crop, preprocessing.crop, 3]))
  const names = network.blocks.map(({ name }) => name)
  const damaged = new Map<string, Tensor>()
  for (const [i, block] of network.blocks.entries()) {
    const replaced = damage === 'remove' ? withoutBlock(block) : swapped(block, network.blocks[i + 1])
    if (replaced) damaged.set(block.name, withReplaced(network.logits, replaced))
  }
  if (damaged.size === 0)
    throw new ModelError(`${model.name} has no block that can be ${damage === 'remove' ? 'removed' : 'swapped'}`)

  const groups = grouped([['', network.logits], ...damaged], IN_ONE_PROGRAM)
  const scores = new Map<string, { right: number; loss: number }>()
  for (const [i, group] of groups.entries()) {
    const outputs = Object.fromEntries(group)
    const total = groups.length * images
    const found = await scoresOf(outputs, parameters, data, {
      ...{ n, images, preprocessing, signal, worker, compileOptions },
      onProgress: done => onProgress?.(i * images + done, total),
    })
    for (const [name, value] of found) scores.set(name, value)
  }
  const mean = (name: string) => {
    const { right, loss } = scores.get(name)!
    return { top1: right / images, loss: loss / images }
  }
  return {
    ...{ model: model.name, architecture: arch.name, damage, images },
    ...mean(''),
    blocks: [...damaged.keys()].map(block => ({ block, ...mean(block) })),
    skipped: names.filter((name, i) => !damaged.has(name) && (damage === 'remove' || i + 1 < names.length)),
  }
}

type Replacements = ReadonlyMap<Tensor, Tensor>

function withoutBlock({ input, output, sum, shortcut }: ResidualBlock): Replacements | undefined {
  if (sum && shortcut) return new Map([[sum, shortcut]])
  return isSameShape(input, output) ? new Map([[output, input]]) : undefined
}

/** The second block applied to the input of the first, and the first to its result. */
function swapped(first: ResidualBlock, second: ResidualBlock | undefined): Replacements | undefined {
  if (!second || !isSameShape(first.input, first.output) || !isSameShape(second.input, second.output)) return undefined
  const before = withReplaced(second.output, new Map([[second.input, first.input]]))
  const after = withReplaced(first.output, new Map([[first.input, before]]))
  return new Map([[second.output, after]])
}

const isSameShape = (a: Tensor, b: Tensor): boolean => `${a.shape}` === `${b.shape}`

function grouped<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size)
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size))
}

interface ScoreOptions extends Pick<EvaluateOptions, 'signal' | 'worker'> {
  /** Images in one run. */
  readonly n: number
  readonly images: number
  readonly preprocessing: Model['preprocessing']
  readonly compileOptions: CompileOptions
  readonly onProgress: (done: number) => void
}

/** Adds up correct answers and losses over the first images, for each output `[n, classes]`. */
async function scoresOf(
  outputs: Record<string, Tensor>,
  parameters: Model['parameters'],
  data: TrainingSource,
  { n, images, preprocessing, compileOptions, onProgress, signal, worker }: ScoreOptions,
) {
  const scores = new Map(Object.keys(outputs).map(name => [name, { right: 0, loss: 0 }]))
  const program = await compile({ outputs, parameters }, compileOptions)
  try {
    const indices = Array.from({ length: images }, (_, i) => i)
    let done = 0
    for await (const { images: pixels, labels } of loadBatches(data, {
      ...{ ...preprocessing, batch: n, indices, shuffle: false, worker },
    })) {
      // The last batch is filled up with zeros, whose logits do not count.
      const filled = labels.length === n ? pixels : padded(pixels, (pixels.length / labels.length) * n)
      const results = await program.run({ images: filled })
      for (const [name, sums] of scores) {
        const logits = results[name] as Float32Array
        const { right, loss } = score(logits.subarray(0, (logits.length / n) * labels.length), labels)
        sums.right += right
        sums.loss += loss
      }
      done += labels.length
      onProgress(done)
      await turn()
      signal?.throwIfAborted()
    }
  } finally {
    program[Symbol.dispose]()
  }
  return scores
}

function padded(values: Float32Array, length: number): Float32Array {
  const longer = new Float32Array(length)
  longer.set(values)
  return longer
}
