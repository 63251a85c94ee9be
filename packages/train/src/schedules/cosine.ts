import { checkOptions, type Input, number, options, whole } from '@residual/core/schema'
import { halfCosine, rate, type Schedule, schedule, warmUpOptions } from './schedule.ts'

const final = number(0).default(0).help('learning rate at the end')
const called = options({ steps: whole(0), begin: whole(0).default(0), final })

/**
 * Falls from `rate` to `final` at step `steps` along half a cosine: PyTorch's CosineAnnealingLR. Before step `begin`,
 * where a warm-up may be, it is `rate`.
 * @throws ResidualError if an option is unknown or out of range.
 */
export function cosineRate(rate: number, given: Input<typeof called>): Schedule {
  const { steps, begin, final } = checkOptions('cosineRate', given, called)
  return step => halfCosine(rate, final, (step - begin) / Math.max(1, steps - begin))
}

export const cosine = schedule({
  options: options({ rate, warmUp: warmUpOptions, final }),
  make: ({ rate, final }, course) => cosineRate(rate, { ...course, final }),
})
