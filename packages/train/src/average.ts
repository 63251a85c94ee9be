import { parameter, type Tensor, weightedSum } from '@residual/core'
import { vector } from './optimizers/optimizer.ts'

/** The name of a parameter's moving average. */
export const averageName = (name: string): string => `ema.${name}`

/**
 * Exponential moving averages of the next values of weights and running statistics: `decay * average + (1 - decay) *
 * next`.
 * @param decay a scalar; 1 leaves the averages unchanged.
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
 * The decay at a step, counted from 0: `most`, but never more than (1 + step) / (10 + step), so that the average soon
 * forgets the weights that the training started from.
 */
export const averageDecay = (most: number, step: number): number => Math.min(most, (1 + step) / (10 + step))
