/** The learning rate of each step; steps count from 0. A pure function, so that resuming needs no state. */
export type Schedule = (step: number) => number

/** The same rate at every step. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate

/** `rate`, multiplied by `gamma` (default 0.1) at every milestone: PyTorch's MultiStepLR. */
export function stepRate(
  rate: number,
  { milestones, gamma = 0.1 }: { milestones: readonly number[]; gamma?: number },
): Schedule {
  return step => rate * gamma ** milestones.filter(milestone => step >= milestone).length
}

/**
 * From `rate` along half a cosine to `final` (default 0) at step `steps`: PyTorch's CosineAnnealingLR. Before step
 * `begin` (default 0), where a warm-up may be, it is `rate`.
 */
export function cosineRate(
  rate: number,
  { steps, begin = 0, final = 0 }: { steps: number; begin?: number; final?: number },
): Schedule {
  return step => between(rate, final, clamp((step - begin) / Math.max(1, steps - begin)))
}

/**
 * One cycle (Smith and Topin 2018) of `steps` steps: from `rate / divisor` (default 25) along a cosine to `rate` in the
 * part `rise` (default 0.3) of the steps, then to `rate / divisor / finalDivisor` (default 1e4): PyTorch's OneCycleLR.
 */
export function oneCycleRate(
  rate: number,
  { steps, rise = 0.3, divisor = 25, finalDivisor = 1e4 }: OneCycleOptions,
): Schedule {
  const top = Math.max(1, rise * steps - 1)
  const end = Math.max(top + 1, steps - 1)
  const first = rate / divisor
  return step =>
    step <= top
      ? between(first, rate, clamp(step / top))
      : between(rate, first / finalDivisor, clamp((step - top) / (end - top)))
}

export interface OneCycleOptions {
  readonly steps: number
  readonly rise?: number
  readonly divisor?: number
  readonly finalDivisor?: number
}

/**
 * Puts a warm-up in front of a schedule: in the first `steps` steps the rate goes in a straight line from `from`
 * (default 0) to what the schedule gives at step `steps`, or, `flat`, stays at `from`. After them the schedule is itself.
 */
export function warmUp(
  schedule: Schedule,
  { steps, from = 0, flat = false }: { steps: number; from?: number; flat?: boolean },
): Schedule {
  const target = schedule(steps)
  return step => {
    if (step >= steps) return schedule(step)
    return flat ? from : from + ((target - from) * step) / steps
  }
}

/** Half a cosine from `a`, at 0, to `b`, at 1. */
const between = (a: number, b: number, at: number): number => b + ((a - b) * (1 + Math.cos(Math.PI * at))) / 2

const clamp = (x: number): number => Math.max(0, Math.min(1, x))
