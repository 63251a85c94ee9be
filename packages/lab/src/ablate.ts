import { type CompileOptions, compile, type Parameters, type Tensor } from '@residual/core'
import type { EvaluateOptions, Model } from '@residual/resnet'
import { ModelError, requireSameClasses, turn } from '@residual/resnet'
import { loadBatches, type TrainingSource } from '@residual/vision'
import { type BlockNodes, dissect, withReplaced } from './blocks.ts'
import { score } from './score.ts'

/** What is done to a network: take a block out, or let a block and the next one change places. */
export type Damage = 'remove' | 'swap'

export interface AblateOptions extends EvaluateOptions, CompileOptions {
  /** Default remove. */
  readonly damage?: Damage
}

/** Accuracy of a damaged network. */
export interface Ablated {
  /** The block that was removed, or the first of the two that changed places. */
  readonly block: string
  /** Fraction of the images whose class has the largest logit, 0 to 1. */
  readonly top1: number
  /** Mean cross-entropy in nats. */
  readonly loss: number
}

/** What {@link ablate} gives. */
export interface Ablation {
  readonly model: string
  readonly architecture: string
  readonly damage: Damage
  readonly images: number
  /** Of the whole network. */
  readonly top1: number
  /** Of the whole network. */
  readonly loss: number
  /** In the order of the network, each damaged in one place. */
  readonly blocks: readonly Ablated[]
  /** Blocks that cannot be removed or swapped, as they change the shape and have no shortcut to do it without them. */
  readonly skipped: readonly string[]
}

/** Damaged networks in one program: enough that their common beginning is cheap, few enough that their weights are. */
const IN_ONE_PROGRAM = 8

/**
 * Measures how well a network does without one of its blocks, for every block, or with two neighbours in each other's
 * place (Veit et al., "Residual Networks Behave Like Ensembles of Relatively Shallow Networks", 2016). A removed block
 * leaves its shortcut. In a plain network it leaves its input, where that has the right shape.
 *
 * What damaged networks have in common is computed once: all layers before the damage.
 *
 * @throws ModelError for a model of other classes than the images, by number, name or order, or without any block that can be damaged so;
 *   VisionError for a file that cannot be read; the signal's reason once it is aborted.
 */
export async function ablate(model: Model, data: TrainingSource, options: AblateOptions = {}): Promise<Ablation> {
  const { damage = 'remove', limit = data.length, ignoreNames = false, onProgress, ...rest } = options
  const { signal, worker, batch, ...compileOptions } = rest
  requireSameClasses(model, data, ignoreNames)
  const { architecture: arch, preprocessing, parameters } = model
  const images = Math.min(limit, data.length)
  // Images for ImageNet are fifty times as large.
  const n = Math.min(images, batch ?? (arch.family === 'cifar' ? 100 : 8))
  const network = dissect(arch, n, preprocessing.crop)
  const names = network.blocks.map(({ name }) => name)
  const damaged = new Map<string, Tensor>()
  for (const [i, block] of network.blocks.entries()) {
    const replaced = damage === 'remove' ? withoutBlock(block) : swapped(block, network.blocks[i + 1])
    if (replaced) damaged.set(block.name, withReplaced(network.logits, replaced))
  }
  if (damaged.size === 0) throw new ModelError(`${model.name} has no block that could be taken out or change places`)

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

function withoutBlock({ input, output, sum, shortcut }: BlockNodes): Replacements | undefined {
  if (sum && shortcut) return new Map([[sum, shortcut]])
  return isSameShape(input, output) ? new Map([[output, input]]) : undefined
}

/** The second block on the input of the first, and the first on what that gives. */
function swapped(first: BlockNodes, second: BlockNodes | undefined): Replacements | undefined {
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

/** Sums over the first images, for each output `[n, classes]`. */
async function scoresOf(
  outputs: Record<string, Tensor>,
  parameters: Parameters,
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
      // The last batch is filled up with images of black, which do not count.
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
