import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CompileOptions, compile, crossEntropy, grad, graphOf, input, type Program } from '@residual/core'
import { type Architecture, resnet } from '@residual/resnet'
import { sgd } from '@residual/train'
import { formulaWeights, numbers } from '../formula.ts'

const here = (path: string) => fileURLToPath(new URL(`goldens/${path}`, import.meta.url))

/** Reads a golden that one of the scripts in this folder wrote. */
export const readGolden = <T>(path: string): T => JSON.parse(readFileSync(here(`${path}.json`), 'utf8'))

/** The goldens of a folder. */
export const goldensIn = (folder: string): string[] =>
  readdirSync(here(folder)).map(file => file.replace(/\.json$/, ''))

export interface NetworkOptions {
  readonly batch: number
  readonly side: number
  readonly labelSmoothing?: number
}

/** A network in training on the inputs `images` and `targets`, with its loss, learned parameters and gradients. */
export function trainedNetwork(arch: Architecture, { batch, side, labelSmoothing }: NetworkOptions) {
  const network = resnet(arch, input('images', [batch, side, side, 3]), { training: true })
  const loss = crossEntropy(network.logits, input('targets', [batch, arch.classes]), { labelSmoothing })
  const learned = graphOf([loss]).parameters
  return {
    ...network,
    loss,
    learned,
    parameters: [...learned, ...network.updates.keys()],
    gradients: grad(loss, learned),
  }
}

/** A program that does one step of SGD with Nesterov momentum in each run, starting from the weights of the formula. */
export function compileTraining(
  arch: Architecture,
  {
    batch,
    side,
    labelSmoothing,
    weightDecay,
    ...options
  }: NetworkOptions & CompileOptions & { readonly weightDecay: number },
): Promise<Program> {
  const {
    loss,
    learned,
    parameters,
    gradients,
    updates: statistics,
  } = trainedNetwork(arch, { batch, side, labelSmoothing })
  const optimizer = sgd({ momentum: 0.9, nesterov: true, weightDecay })
  const { updates, state } = optimizer({ parameters: learned, gradients, learningRate: input('learningRate', []) })
  return compile(
    {
      outputs: { loss },
      parameters: new Map([...formulaWeights(parameters, 1), ...state]),
      updates: new Map([...updates, ...statistics]),
    },
    options,
  )
}

/** Noise images `[batch, side, side, 3]` with unit variance, from `uniform` of formula.py. */
export const noise = (name: string, batch: number, side: number): Float32Array =>
  numbers(name, batch * side * side * 3, 0, Math.sqrt(3))

/** Rows with a 1 at the label. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]] = 1
  return targets
}
