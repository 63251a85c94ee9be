import { parameter, type Tensor, weightedSum } from '@residual/core'
import { vector } from './optimizers/optimizer.ts'

/** Name of the moving average of a parameter. */
export const averageName = (name: string): string => `ema.${name}`

/**
 * Exponential moving averages of next values, of weights and of running statistics alike: `decay * average + (1 - decay) *
 * next`.
 * @param decay a scalar; 1 leaves the averages as they are.
 */
export function averages(
  updates: Iterable<readonly [Tensor<'parameter'>, Tensor]>,
  decay: Tensor,
): Map<Tensor<'parameter'>, Tensor> {
  const by = vector(decay, decay.neg().add(1))
  return new Map(
    Array.from(updates, ([{ attributes, shape }, next]) => {
      const average = parameter(averageName(attributes.name), shape, { trainable: false })
      return [average, weightedSum([average, next], by)]
    }),
  )
}

/**
 * The decay at a step, from 0 on: `most`, but at first (1 + step) / (10 + step), so that the average soon forgets the
 * weights that the training started from.
 */
export const averageDecay = (most: number, step: number): number => Math.min(most, (1 + step) / (10 + step))
