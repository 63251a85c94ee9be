import { type CompileOptions, sizeOf } from '@residual/core'
import { defaultLabels } from './labels/index.ts'
import { Model } from './model.ts'
import { parametersOf } from './network.ts'
import { defaultPreprocessing } from './preprocessing.ts'
import type { Architecture } from './row.ts'

/**
 * Makes a model with untrained weights, to measure speed and memory. The weights are the same each time: uniformly
 * random with the variance 2 / fan-in, which keeps the activations of a plain network in range (He et al. 2015,
 * "Delving Deep into Rectifiers"). In residual networks the batch norms, or without them the convolutions, scale by a
 * half, so that the sum of a thousand blocks stays finite.
 */
export function untrainedModel(arch: Architecture, options: CompileOptions = {}): Model {
  const gamma = arch.shortcut === 'none' ? 1 : 0.5
  const random = uniform()
  const values = parametersOf(arch).map(({ attributes: { name }, shape }): [string, Float32Array] => {
    const array = new Float32Array(sizeOf(shape))
    if (shape.length > 1) {
      const bound = Math.sqrt((6 * shape[0]) / array.length) * (arch.norm === 'none' ? gamma : 1)
      return [name, array.map(() => bound * random())]
    }
    if (name.endsWith('weight')) return [name, array.fill(gamma)]
    return [name, array.fill(name.endsWith('running_var') ? 1 : 0)]
  })
  const parts = {
    name: arch.name,
    architecture: arch,
    labels: defaultLabels(arch),
    preprocessing: defaultPreprocessing(arch.family),
    parameters: new Map(values),
  }
  return new Model(parts, options)
}

/** Random numbers from -1 to 1, from a linear congruential generator with the constants of Numerical Recipes. */
function uniform(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}
