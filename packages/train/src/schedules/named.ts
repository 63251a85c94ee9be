import { checkOptions, type Input, list, number, options, rising, whole } from '@residual/core/schema'
import { halfCosine, rate, type Schedule, schedule, warmUpOptions } from './schedule.ts'

const final = number(0).default(0).help('learning rate at the end')
const cosineCall = options({ steps: whole(0), begin: whole(0).default(0), final })

/**
 * Falls from `rate` to `final` at step `steps` along half a cosine: PyTorch's CosineAnnealingLR. Before step `begin`,
 * where a warm-up may be, it is `rate`.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function cosineRate(rate: number, given: Input<typeof cosineCall>): Schedule {
  const { steps, begin, final } = checkOptions('cosineRate', given, cosineCall)
  return step => halfCosine(rate, final, (step - begin) / Math.max(1, steps - begin))
}

const cosine = schedule({
  options: options({ rate, warmUp: warmUpOptions, final }),
  make: ({ rate, final }, course) => cosineRate(rate, { ...course, final }),
})

const gamma = number(0, 1).default(0.1).help('factor of the rate at each milestone')
const stepCall = options({ milestones: list(whole(0)), gamma })

/**
 * `rate`, multiplied by `gamma` at every milestone: PyTorch's MultiStepLR. Milestones are steps.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function stepRate(rate: number, given: Input<typeof stepCall>): Schedule {
  const { milestones, gamma } = checkOptions('stepRate', given, stepCall)
  return step => rate * gamma ** milestones.filter(milestone => step >= milestone).length
}

const step = schedule({
  options: options({
    rate,
    warmUp: warmUpOptions,
    milestones: rising(list(number(0, 1)))
      .default([0.5, 0.75])
      .help('when the rate falls, as fractions of the training'),
    gamma,
  }),
  make: ({ rate, milestones, gamma }, { steps }) =>
    stepRate(rate, { milestones: milestones.map(part => Math.round(part * steps)), gamma }),
})

const shape = {
  rise: number(0, 1).default(0.3).help('fraction of the training in which the rate rises'),
  divisor: number(1).default(25).help('the first rate is the highest divided by this'),
  finalDivisor: number(1).default(1e4).help('the last rate is the first divided by this'),
}
const oneCycleCall = options({ steps: whole(0), ...shape })

export interface OneCycleOptions extends Input<typeof oneCycleCall> {}

/**
 * One cycle (Smith and Topin 2018) of `steps` steps, as PyTorch's OneCycleLR: in the fraction `rise` of the steps the
 * rate rises along a cosine from `rate / divisor` to `rate`, then it falls along a cosine to `rate / divisor /
 * finalDivisor`.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function oneCycleRate(rate: number, given: OneCycleOptions): Schedule {
  const { steps, rise, divisor, finalDivisor } = checkOptions('oneCycleRate', given, oneCycleCall)
  const top = Math.max(1, rise * steps - 1)
  const end = Math.max(top + 1, steps - 1)
  const first = rate / divisor
  return step =>
    step <= top
      ? halfCosine(first, rate, step / top)
      : halfCosine(rate, first / finalDivisor, (step - top) / (end - top))
}

const oneCycle = schedule({
  options: options({ rate, ...shape }),
  make: ({ rate, ...shape }, { steps }) => oneCycleRate(rate, { steps, ...shape }),
})

/** The same rate at every step. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate

const constant = schedule({
  options: options({ rate, warmUp: warmUpOptions }),
  make: ({ rate }) => constantRate(rate),
})

/** The schedules by the names that recipes use, the default first. */
export const SCHEDULES = { cosine, step, oneCycle, constant }
