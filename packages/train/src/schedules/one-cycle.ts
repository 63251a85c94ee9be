import { checkOptions, type Input, number, options, whole } from '@residual/core/schema'
import { halfCosine, rate, type Schedule, schedule } from './schedule.ts'

const shape = {
  rise: number(0, 1).default(0.3).help('fraction of the training in which the rate rises'),
  divisor: number(1).default(25).help('the first rate is the highest divided by this'),
  finalDivisor: number(1).default(1e4).help('the last rate is the first divided by this'),
}
const called = options({ steps: whole(0), ...shape })

export interface OneCycleOptions extends Input<typeof called> {}

/**
 * One cycle (Smith and Topin 2018) of `steps` steps, as PyTorch's OneCycleLR: in the fraction `rise` of the steps the
 * rate rises along a cosine from `rate / divisor` to `rate`, then it falls along a cosine to `rate / divisor /
 * finalDivisor`.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function oneCycleRate(rate: number, given: OneCycleOptions): Schedule {
  const { steps, rise, divisor, finalDivisor } = checkOptions('oneCycleRate', given, called)
  const top = Math.max(1, rise * steps - 1)
  const end = Math.max(top + 1, steps - 1)
  const first = rate / divisor
  return step =>
    step <= top
      ? halfCosine(first, rate, step / top)
      : halfCosine(rate, first / finalDivisor, (step - top) / (end - top))
}

export const oneCycle = schedule({
  options: options({ rate, ...shape }),
  make: ({ rate, ...shape }, { steps }) => oneCycleRate(rate, { steps, ...shape }),
})
