import type { Explanation } from './explain.ts'
import { areaOfHalf } from './heat.ts'

/** `0.1234` as `12.3 %`, which stays on one line. */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}\u00a0%`

/** Two digits; a dash for NaN. */
export const ratioText = (value: number): string => (Number.isFinite(value) ? value.toFixed(2).replace('-', '−') : '–')

/** Says what the map showed. */
export function heatText({ map, layer, target }: Explanation): string {
  const half = areaOfHalf(map)
  if (half === undefined) return `No place of ${layer} has evidence for “${target.label}”: the map is zero everywhere.`
  const hottest = map.values.indexOf(map.values.reduce((a, b) => Math.max(a, b)))
  const row = third(Math.floor(hottest / map.width), map.height)
  const column = third(hottest % map.width, map.width)
  const place = `${['upper', 'middle', 'lower'][row]} ${['left', 'middle', 'right'][column]}`
  const named = row === 1 && column === 1 ? 'middle' : place
  return `Half of the evidence for “${target.label}” in ${layer} lies on ${percent(half)} of the image; it is strongest in the ${named}.`
}

const third = (place: number, places: number): number => Math.floor((3 * (place + 0.5)) / places)

/** Consecutive depths with the same answer. */
export interface Run {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly scores: readonly number[]
}

export function runsOf({ depths }: Explanation): Run[] {
  const runs: { from: string; to: string; label: string; index: number; scores: number[] }[] = []
  for (const { after, label, index, score } of depths) {
    const run = runs.at(-1)
    if (run?.index === index) {
      run.to = after
      run.scores.push(score)
    } else {
      runs.push({ from: after, to: after, label, index, scores: [score] })
    }
  }
  return runs
}

/** Says what the depths showed: where the answer comes from. */
export function answersText(explanation: Explanation): string {
  const { depths } = explanation
  const runs = runsOf(explanation)
  const [first, last] = [runs[0], runs[runs.length - 1]]
  const blocks = depths.length - 1
  if (runs.length === 1) return `Here the answer is “${last.label}” from the stem on, and no block changes it.`
  const settled = depths.length - last.scores.length
  const start = `Here the answer would be “${first.label}” after the stem`
  if (settled === blocks) return `${start}, and only the last block, ${last.to}, makes it “${last.label}”.`
  const left = blocks - settled
  return `${start}; from ${last.from} on it is “${last.label}”, and the last ${left === 1 ? `of ${blocks} blocks does` : `${left} of ${blocks} blocks do`} not change it.`
}

/** Says what the blocks showed: how much they change, and whether with the stream or against it. */
export function effectsText({ blocks }: Explanation): string {
  const sorted = blocks.filter(({ ratio }) => Number.isFinite(ratio)).toSorted((a, b) => a.ratio - b.ratio)
  if (sorted.length === 0) return 'Here the stream is zero, so there is nothing to compare with.'
  const [least, most, median] = [sorted[0], sorted[sorted.length - 1], sorted[sorted.length >> 1]]
  const against = blocks.filter(({ cosine }) => cosine < 0).length
  const one = (effect: typeof least) => `${ratioText(effect.ratio)} times (${effect.block})`
  return `Here F(x) is between ${one(least)} and ${one(most)} as long as x, with a median of ${ratioText(median.ratio)} times. In ${against} of ${blocks.length} blocks it points against x: their cosine is negative.`
}
