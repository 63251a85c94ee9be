import { checkOptions, type Input, list, number, options, rising, whole } from '@residual/core/schema'
import { rate, type Schedule, schedule, warmUpOptions } from './schedule.ts'

const gamma = number(0, 1).default(0.1).help('factor of the rate at each milestone')
const called = options({ milestones: list(whole(0)), gamma })

/**
 * `rate`, multiplied by `gamma` at every milestone: PyTorch's MultiStepLR. Milestones are steps.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function stepRate(rate: number, given: Input<typeof called>): Schedule {
  const { milestones, gamma } = checkOptions('stepRate', given, called)
  return step => rate * gamma ** milestones.filter(milestone => step >= milestone).length
}

export const step = schedule({
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
