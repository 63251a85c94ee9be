import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { constantRate, cosineRate, oneCycleRate, type Schedule, stepRate, warmUp } from '../src/index.ts'

const goldens: Record<string, number[]> = JSON.parse(
  readFileSync(new URL('goldens/optimizers.json', import.meta.url), 'utf8'),
).schedules

const cases: [name: string, schedule: Schedule][] = [
  ['step', stepRate(0.1, { milestones: [5, 8] })],
  ['cosine', cosineRate(0.5, { steps: 20, final: 0.01 })],
  ['one cycle', oneCycleRate(0.4, { steps: 20 })],
  ['one cycle, options', oneCycleRate(0.4, { steps: 30, rise: 0.2, divisor: 10, finalDivisor: 100 })],
  ['warm-up, cosine', warmUp(cosineRate(0.2, { steps: 20, begin: 4 }), { steps: 4, from: 0.05 })],
  ['warm-up, constant', warmUp(constantRate(0.2), { steps: 4, from: 0.02 })],
]

test('all goldens are compared', () => {
  expect(cases.map(([name]) => name)).toEqual(Object.keys(goldens))
})

test.each(cases)('%s equals the schedule of PyTorch', (name, schedule) => {
  goldens[name].forEach((rate, step) => {
    expect(schedule(step), `step ${step}`).toBeCloseTo(rate, 12)
  })
})

test('a flat warm-up stays at its rate', () => {
  const schedule = warmUp(stepRate(0.1, { milestones: [6] }), { steps: 2, from: 0.01, flat: true })
  expect([0, 1, 2, 5, 6].map(step => Number(schedule(step).toFixed(12)))).toEqual([0.01, 0.01, 0.1, 0.1, 0.01])
})
