import { architecture, differingFields } from '@residual/resnet'
import { count } from '../report/format.ts'
import { powerOfTen } from '../report/scale.ts'
import type { LayerSignal } from '../signals.ts'
import type { GradientTrace, Measurement, TracedNetwork } from './trace.ts'

/** The convolutions on the main path, in order, without projections or the classifier. */
export const mainLayers = ({ layers }: Pick<Measurement, 'layers'>): readonly LayerSignal[] =>
  layers.filter(({ name }) => /(^|\.)conv\d$/.test(name))

/** What happened to the gradient between a network's last convolution and its first. */
export interface Passage {
  readonly architecture: string
  readonly step: number
  readonly loss: number
  /** Length of the gradient of the first convolution's weights, and of the last one's. */
  readonly gradient: { readonly first: number; readonly last: number }
  /** Length of the gradient at the output of the first convolution, divided by the length at the last. */
  readonly ratio: number
  /**
   * Length of the part of the gradient at the first block that came through shortcuts alone, divided by the whole
   * length.
   */
  readonly direct: number | undefined
}

/** Compares the gradients at both ends of a network at one measurement. */
export function passageOf({ architecture }: TracedNetwork, measurement: Measurement): Passage {
  const { step, loss, blocks } = measurement
  const layers = mainLayers(measurement)
  const [first, last] = [layers[0], layers[layers.length - 1]]
  const [{ direct, gradient }] = blocks
  return {
    ...{ architecture, step, loss },
    gradient: { first: first.gradient, last: last.gradient },
    ratio: first.signal / last.signal,
    direct: direct && direct / gradient,
  }
}

/** Says what a run showed, whichever way it came out, in sentences that can each be read alone. */
export function gradientFindings(trace: GradientTrace): string[] {
  const { networks, steps } = trace
  return [
    ...networks.map(network => `${network.architecture}, before training: ${passage(network, network.measured[0])}.`),
    ...pairsOf(networks).flatMap(([plain, residual]) => comparison(plain, residual)),
    ...networks.flatMap(network => directFinding(network)),
    ...(steps > 0 ? networks.flatMap(network => timeFinding(network)) : []),
  ]
}

/** A sentence about the gradient in one network. */
function passage(network: TracedNetwork, measurement: Measurement): string {
  const layers = mainLayers(measurement)
  if (!Number.isFinite(measurement.loss))
    return 'there is no gradient, because activations have grown beyond the range of float32'
  const lost = layers.filter(({ gradient }) => gradient === 0).length
  const { ratio } = passageOf(network, measurement)
  if (lost > 0) {
    const where = lost === layers.length ? 'every convolution' : `${lost} of ${layers.length} convolutions`
    return `the gradient of the weights of ${where} is 0: it is too small for float32`
  }
  const way = 'on its way from the last convolution to the first, the gradient'
  if (ratio > 2) return `${way} grows by a factor of ${numberText(ratio)}`
  if (ratio < 0.5) return `${way} shrinks by a factor of ${numberText(1 / ratio)}`
  return `${way} roughly keeps its length (a factor of ${ratio.toPrecision(2)})`
}

/** Pairs of a plain network and a network with the same layers plus shortcuts. */
function pairsOf(networks: readonly TracedNetwork[]): [TracedNetwork, TracedNetwork][] {
  return networks.flatMap(plain => {
    const row = architecture(plain.architecture)
    const residual = networks.find(other => isShortcutAlone(differingFields(architecture(other.architecture), row)))
    return row.shortcut === 'none' && residual ? [[plain, residual] as [TracedNetwork, TracedNetwork]] : []
  })
}

const isShortcutAlone = (fields: readonly string[]): boolean => fields.length === 1 && fields[0] === 'shortcut'

function comparison(plain: TracedNetwork, residual: TracedNetwork): string[] {
  const [a, b] = [plain, residual].map(network => passageOf(network, network.measured[0]).gradient.first)
  if (![plain, residual].every(({ measured }) => Number.isFinite(measured[0].loss))) return []
  const lengths = `${numberText(a)} in ${plain.architecture} and ${numberText(b)} in ${residual.architecture}`
  const text = `The gradient of the first layer’s weights has the length ${lengths}`
  if (a === 0 || b === 0) return [`${text}.`]
  const [factor, which] = b > a ? [b / a, 'with'] : [a / b, 'without']
  return [
    factor < 2
      ? `${text}, which is about the same.`
      : `${text}: it is ${numberText(factor)} times as long ${which} shortcuts.`,
  ]
}

function directFinding(network: TracedNetwork): string[] {
  const { architecture, measured } = network
  const [before, after] = [measured[0], measured[measured.length - 1]].map(one => passageOf(network, one).direct)
  if (before === undefined || after === undefined || !Number.isFinite(measured[0].loss)) return []
  const then = measured.length > 1 ? `, and ${share(after)} after ${stepsText(measured[measured.length - 1].step)}` : ''
  return [
    `In ${architecture}, the part of the gradient that reaches the first block through shortcuts alone has ${share(before)} of the length of the whole gradient before training${then}.`,
  ]
}

function timeFinding(network: TracedNetwork): string[] {
  const { architecture, measured, diverged } = network
  const last = measured[measured.length - 1]
  if (last.step === 0) return [`${architecture} could not be trained: ${diverged}.`]
  const [before, after] = [measured[0], last].map(one => passageOf(network, one))
  const loss = `the loss of ${architecture} went from ${before.loss.toFixed(2)} to ${after.loss.toFixed(2)}`
  const lengths = `the gradient of its first layer’s weights from ${numberText(before.gradient.first)} to ${numberText(after.gradient.first)}`
  const ended = diverged ? ` Then the training ended: ${diverged}.` : ''
  return [`In ${stepsText(last.step)}, ${loss}, and ${lengths}; after that, ${passage(network, last)}.${ended}`]
}

/** `1 step`, `1,000 steps`. */
export const stepsText = (steps: number): string => `${count(steps)} ${steps === 1 ? 'step' : 'steps'}`

/** `12 %`. */
const share = (part: number): string => `${numberText(100 * part)} %`

/** Two digits: `0.031`, `420`, `2.1·10⁻⁸`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'not finite'
  const rounded = Number(value.toPrecision(2))
  const isPlain = rounded === 0 || (Math.abs(rounded) >= 1e-3 && Math.abs(rounded) < 1e6)
  return isPlain ? rounded.toLocaleString('en', { maximumSignificantDigits: 2 }) : powerOfTen(rounded)
}
