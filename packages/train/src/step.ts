import { constant, crossEntropy, gate, grad, graphOf, input, type Parameters, type Tensor } from '@residual/core'
import type { Architecture } from '@residual/resnet'
import { type Network, resnet } from '@residual/resnet'
import { Random } from '@residual/vision'
import { averageDecay, averageName, averages } from './average.ts'
import { layerRate } from './layer-rate.ts'
import { accumulated, clipped } from './optimizers/gradients.ts'
import { optimizerOf, type Recipe, scheduleOf } from './recipes/index.ts'
import { drawSurvival, survivalOf } from './stochastic-depth.ts'

/** The description of a training, without the data. */
export interface StepOptions {
  /** The architecture, with as many classes as the data. */
  readonly architecture: Architecture
  /** Side of the images in pixels. */
  readonly side: number
  readonly recipe: Recipe
  /** Steps of the whole training. */
  readonly steps: number
  readonly seed: number
  /** Train only these layers and run the others as in inference; default all. */
  readonly only?: readonly string[]
}

/**
 * One run of a training as a graph: a forward and a backward pass of a batch, and, after the last batch of a step, the
 * optimiser's step.
 */
export interface Step {
  /** The mean loss of the batch, and the class with the largest logit for each image. */
  readonly outputs: { readonly loss: Tensor; readonly predictions: Tensor }
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
  /** Weights and running statistics of the network. */
  readonly network: readonly Tensor<'parameter'>[]
  /** The weights that are trained. */
  readonly trained: readonly Tensor<'parameter'>[]
  /** The state before the first run, except weights and running statistics. */
  initialState(weights: Parameters): Parameters
  /** The inputs of a run, counted from 0, except its batch (`images` and `targets`). */
  inputs(run: number): Record<string, Float32Array>
  /** The learning rate of a step, counted from 0. */
  rate(step: number): number
}

/** Builds the graph of a run. */
export function trainingStep(options: StepOptions): Step {
  const { architecture, recipe, steps, seed } = options
  const { batch, accumulate, stochasticDepth, ema } = recipe
  const { logits, updates: statistics } = networkOf(options)
  const targets = input('targets', [batch, architecture.classes])
  const loss = crossEntropy(logits, targets, { labelSmoothing: recipe.labelSmoothing })
  const network = graphOf([logits]).parameters
  const isTrained = isWithin(options.only)
  const parameters = network.filter(({ attributes: { name, trainable } }) => trainable && isTrained(name))
  // 1 if the loss is finite, otherwise 0: the weights then do not change, and the origin of the loss can be found.
  const finite = gate(constant(1), loss.mul(0).add(1))
  const gradients = grad(loss, parameters).map(gradient => gate(gradient, finite))
  const learningRate = input('learningRate', []).mul(finite)

  const optimization = optimizerFor(recipe)({
    parameters,
    gradients,
    learningRate,
    rate: layerRate(architecture, recipe.layerRate),
  })
  const updates = new Map([...optimization.updates, ...statistics])
  const averaged = ema === undefined ? [] : [...parameters, ...statistics.keys()]
  if (ema !== undefined) {
    const next = averaged.map(tensor => [tensor, updates.get(tensor)!] as const)
    for (const [average, value] of averages(next, input('averageDecay', []))) updates.set(average, value)
  }

  const rate = scheduleOf(recipe.schedule, steps)
  const random = new Random(seed)
  return {
    outputs: { loss, predictions: logits.argmax() },
    updates,
    network: [...network, ...statistics.keys()],
    trained: parameters,
    rate,
    initialState: weights => {
      const copies = averaged.map(({ attributes: { name } }) => [averageName(name), weights.get(name)!] as const)
      return new Map([...optimization.state, ...copies])
    },
    inputs: run => {
      const step = Math.floor(run / accumulate)
      const updatesNow = run % accumulate === accumulate - 1
      return {
        learningRate: Float32Array.of(rate(step)),
        ...optimization.inputs(run),
        ...(ema !== undefined && { averageDecay: Float32Array.of(updatesNow ? averageDecay(ema, step) : 1) }),
        ...(stochasticDepth > 0 && {
          survival: drawSurvival(architecture, batch, stochasticDepth, random.fork('survival', run)),
        }),
      }
    },
  }
}

/** The network in the form that is trained. */
export function networkOf({ architecture, side, recipe, only }: StepOptions): Network {
  const x = input('images', [recipe.batch, side, side, 3])
  const branchScale = recipe.stochasticDepth > 0 ? survivalOf(architecture, recipe.batch) : undefined
  return resnet(architecture, x, { training: isWithin(only), branchScale })
}

/** Whether a name belongs to one of the layers or to a part of them; always true without layers. */
const isWithin =
  (layers: readonly string[] | undefined) =>
  (name: string): boolean =>
    layers === undefined || layers.some(layer => `${name}.`.startsWith(`${layer}.`))

function optimizerFor({ optimizer: described, clip, accumulate }: Recipe) {
  const plain = optimizerOf(described)
  const limited = clip === undefined ? plain : clipped(plain, clip)
  return accumulate === 1 ? limited : accumulated(limited, accumulate)
}
