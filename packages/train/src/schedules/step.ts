import { checkOptions, type Input, list, number, options, rising, whole } from '@residual/core/schema'
import { rate, type Schedule, schedule, warmUpOptions } from './schedule.ts'

const gamma = number(0, 1).default(0.1).help('factor of the rate at each milestone')
const called = options({ milestones: list(whole(0)), gamma })

/**
 * `rate`, multiplied by `gamma` at every milestone, a step: PyTorch's MultiStepLR.
 * @throws ResidualError for an unknown option, or a value out of its range.
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
      .help('where the rate falls, as parts of the training'),
    gamma,
  }),
  make: ({ rate, milestones, gamma }, { steps }) =>
    stepRate(rate, { milestones: milestones.map(part => Math.round(part * steps)), gamma }),
})
