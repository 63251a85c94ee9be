import type { Wiring } from '../wirings.ts'
import type { Degradation, DegradeRun } from './degrade.ts'

export const WIRING_NAMES: Readonly<Record<Wiring, string>> = {
  plain: 'Plain networks',
  residual: 'Residual networks',
  preactivation: 'Pre-activation networks',
}

/** The trainings of one network, one for each seed. */
export interface NetworkRuns {
  /** Such as `plain-56`. */
  readonly network: string
  readonly family: Wiring
  readonly depth: number
  readonly parameters: number
  readonly runs: readonly DegradeRun[]
}

/** The trainings by network, in the order in which the networks were trained. */
export function networksOf({ runs }: Degradation): NetworkRuns[] {
  const names = [...new Set(runs.map(({ network }) => network))]
  return names.map(network => {
    const own = runs.filter(run => run.network === network)
    const { family, depth, parameters } = own[0]
    return { network, family, depth, parameters, runs: own }
  })
}

/** A number over several seeds. */
export interface Spread {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Mean, minimum and maximum; undefined for an empty list. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const mean = values.reduce((a, b) => a + b) / values.length
  return { mean, low: Math.min(...values), high: Math.max(...values) }
}

/** Error in percent after the last epoch; undefined if the training diverged or has no epoch. */
export function finalError({ epochs, diverged }: DegradeRun, of: 'train' | 'test'): number | undefined {
  const last = diverged === undefined ? epochs.at(-1) : undefined
  const top1 = of === 'train' ? last?.trainTop1 : last?.testTop1
  return typeof top1 === 'number' ? 100 * (1 - top1) : undefined
}

const finalErrors = ({ runs }: NetworkRuns, of: 'train' | 'test'): number[] =>
  runs.flatMap(run => finalError(run, of) ?? [])

/** Smaller differences, in percentage points, show nothing. */
const CLEAR = 1

/** Says what a run showed, whichever way it came out, in sentences that can each be read alone. */
export function findings(degradation: Degradation): string[] {
  const networks = networksOf(degradation)
  const families = [...new Set(networks.map(({ family }) => family))]
  return [
    ...families.flatMap(family => depthFinding(networks.filter(one => one.family === family))),
    ...(families.length > 1 ? gapFinding(networks) : []),
    ...gradientFinding(networks),
    ...networks.flatMap(({ network, runs }) =>
      runs.flatMap(({ diverged, seed }) => (diverged ? `${network} with seed ${seed} ended early: ${diverged}.` : [])),
    ),
  ]
}

/** Compares the deepest network of a family with the shallowest. */
function depthFinding(networks: readonly NetworkRuns[]): string[] {
  const [shallow, deep] = [networks[0], networks[networks.length - 1]]
  const [a, b] = [shallow, deep].map(one => spreadOf(finalErrors(one, 'train')))
  if (shallow === deep || !a || !b) return []
  const difference = b.mean - a.mean
  const numbers = `a training error of ${points(b.mean)} % with ${deep.depth} layers and ${points(a.mean)} % with ${shallow.depth}`
  const pairs = deep.runs.flatMap(run => {
    const other = shallow.runs.find(({ seed }) => seed === run.seed)
    const [x, y] = [other && finalError(other, 'train'), finalError(run, 'train')]
    return x === undefined || y === undefined ? [] : y - x
  })
  const isPlain = deep.family === 'plain'
  const name = WIRING_NAMES[deep.family]
  if (Math.abs(difference) < CLEAR) {
    return [
      `${name} ended at ${numbers}: no difference to speak of, so ${isPlain ? 'this run shows no degradation' : 'depth does no harm'}.`,
    ]
  }
  const often = (worse: boolean) => {
    const n = pairs.filter(pair => pair > 0 === worse).length
    return pairs.length > 1 ? `, for ${n} of ${pairs.length} seeds` : ''
  }
  if (difference > 0) {
    const why = isPlain
      ? 'Overfitting would lower the training error, so this is not overfitting. It is degradation: deeper networks are harder to optimise'
      : 'The deeper network was behind when this run ended, despite its shortcuts'
    return [`${name} ended at ${numbers}: deeper is worse by ${points(difference)} points${often(true)}. ${why}.`]
  }
  const why = isPlain ? ' This run shows no degradation.' : ' The shortcuts let the added layers help.'
  return [`${name} ended at ${numbers}: deeper is better by ${points(-difference)} points${often(false)}.${why}`]
}

/** Compares the deepest networks with and without shortcuts. */
function gapFinding(networks: readonly NetworkRuns[]): string[] {
  const deepest = Math.max(...networks.map(({ depth }) => depth))
  const [plain, residual] = (['plain', 'residual'] as const).map(family => {
    const network = networks.find(one => one.family === family && one.depth === deepest)
    return network && spreadOf(finalErrors(network, 'train'))
  })
  if (!plain || !residual) return []
  const gap = plain.mean - residual.mean
  const said =
    Math.abs(gap) < CLEAR
      ? 'shortcuts made no difference to speak of'
      : `shortcuts ${gap > 0 ? 'lowered' : 'raised'} the training error by ${points(Math.abs(gap))} points, from ${points(plain.mean)} % to ${points(residual.mean)} %`
  return [`At ${deepest} layers, ${said}, with the same layers, images and recipe.`]
}

/** Compares the gradients at the first and the last block, before training. */
function gradientFinding(networks: readonly NetworkRuns[]): string[] {
  const deepest = Math.max(...networks.map(({ depth }) => depth))
  const parts = networks
    .filter(({ depth }) => depth === deepest)
    .flatMap(({ network, runs }) => {
      const ratios = runs.flatMap(({ signals }) => {
        const { blocks } = signals[0] ?? { blocks: [] }
        return blocks.length > 1 ? blocks[0].gradient / blocks[blocks.length - 1].gradient : []
      })
      const ratio = spreadOf(ratios)
      const times = ratio?.mean.toLocaleString('en', { maximumSignificantDigits: 2 })
      return times === undefined ? [] : `${times === '1' ? 'just' : `${times} times`} as long in ${network}`
    })
  if (parts.length === 0) return []
  return [`Before training, the gradient at the first block, compared with the last, is ${parts.join(' and ')}.`]
}

const points = (value: number): string => value.toFixed(1)
