import {
  type Axis,
  dataTable,
  type FigureOptions,
  heatMap,
  type LineSeries,
  lineChart,
  type Markup,
} from '../report/index.ts'
import { mainLayers, stepsText } from './findings.ts'
import type { GradientTrace, Measurement, TracedNetwork } from './trace.ts'

/** A figure of a {@link GradientTrace}. */
export interface GradientFigure extends FigureOptions {
  /** Name of its file, without an ending. */
  readonly name: string
}

type Point = readonly [x: number, y: number]

/** The quantities that are drawn by layer. */
const QUANTITIES = {
  gradient: {
    title: 'Gradients of weights',
    label: 'length of gradient',
    caption:
      'Length of the loss’s gradient with respect to the weights of each convolution: what the layer learns from.',
  },
  signal: {
    title: 'Gradients at outputs',
    label: 'length of gradient',
    caption:
      'Length of the loss’s gradient with respect to each convolution’s output, for one image. It starts at the classifier on the right and flows back to the images on the left.',
  },
  response: {
    title: 'Layer responses',
    label: 'standard deviation',
    caption:
      'Standard deviation of each convolution’s output, after its batch norm if it has one, before ReLU and addition: the layer responses in figure 7 of He et al. 2015.',
  },
} as const

type Quantity = keyof typeof QUANTITIES

/** All figures by topic; empty ones are left out. */
export function gradientFigures(trace: GradientTrace): {
  readonly gradients: readonly GradientFigure[]
  readonly responses: readonly GradientFigure[]
  readonly time: readonly GradientFigure[]
  readonly direct: readonly GradientFigure[]
} {
  const { networks } = trace
  const isTrained = networks.some(({ measured }) => measured.length > 1)
  const times = isTrained ? ([0, -1] as const) : ([0] as const)
  const byLayer = (quantity: Quantity) => times.map(at => layerFigure(networks, quantity, at))
  const hasDirect = networks.some(({ measured }) => measured[0].blocks[0].direct !== undefined)
  return {
    gradients: [...byLayer('gradient'), ...byLayer('signal')],
    responses: byLayer('response'),
    time: networks.filter(({ measured }) => measured.length > 1).map((network, _, all) => timeFigure(network, all)),
    direct: hasDirect ? times.map(at => directFigure(networks, at)) : [],
  }
}

/** A line for each network at one measurement. Networks keep their colour in all figures; plain ones are dashed. */
function linesOf(
  networks: readonly TracedNetwork[],
  at: 0 | -1,
  values: (measurement: Measurement) => readonly number[],
): LineSeries[] {
  return networks.map(({ architecture, measured }, hue) => ({
    name: architecture,
    hue,
    dashed: /^(cifar_)?plain/.test(architecture),
    points: values(measured.at(at)!).map((value, i): Point => [i + 1, value]),
  }))
}

/** The smallest and the largest of the values that a logarithmic axis can show. */
function rangeOf(values: readonly number[]): [number, number] {
  const shown = values.filter(value => value > 0 && Number.isFinite(value))
  if (shown.length === 0) return [1, 1]
  return shown.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, 0])
}

/** A logarithmic axis that ends at powers of ten around the values. */
function logAxis(label: string, values: readonly number[]): Axis {
  const [least, most] = rangeOf(values)
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  return { label, scale: 'log', min: 10 ** low, max: 10 ** Math.max(low + 1, high) }
}

const stepText = (step: number): string => (step === 0 ? 'before training' : `after ${stepsText(step)}`)

/** Says when networks were measured. One whose training ended early was last measured at another step. */
function timeText(networks: readonly TracedNetwork[], at: 0 | -1): string {
  const steps = [...new Set(networks.map(({ measured }) => measured.at(at)!.step))]
  return steps.length === 1 ? stepText(steps[0]) : 'at the last measurement'
}

function layerFigure(networks: readonly TracedNetwork[], quantity: Quantity, at: 0 | -1): GradientFigure {
  const { title, label, caption } = QUANTITIES[quantity]
  const valuesOf = (measurement: Measurement) => mainLayers(measurement).map(layer => layer[quantity])
  const series = linesOf(networks, at, valuesOf)
  // The same axis before and after training.
  const all = networks.flatMap(({ measured }) => [measured[0], measured.at(-1)!].flatMap(valuesOf))
  const [least, most] = rangeOf(all)
  const isLinear = quantity === 'response' && most / least < 20
  const when = timeText(networks, at)
  const zeros = series.filter(({ points }) => points.some(([, value]) => value === 0)).map(({ name }) => name)
  const gap = zeros.length > 0 ? ` Where a line is missing (${zeros.join(', ')}), the value is 0 in float32.` : ''
  return {
    name: `${quantity}-${at === 0 ? 'before' : 'after'}`,
    draw: width =>
      lineChart({
        title: `${title}, ${when}`,
        series,
        x: { label: 'convolution, from the image to the classifier', format: wholeNumber },
        y: isLinear ? { label, min: 0, max: Math.ceil(most) } : logAxis(label, all),
        width,
      }),
    caption: `${at === 0 ? caption : sameAs(when)}${gap}`,
    table: lineTable(`${title}, ${when}`, 'convolution', series),
  }
}

const sameAs = (when: string): string => `The same quantity ${when}, on the same axis.`

const wholeNumber = (value: number): string => (Number.isInteger(value) && value > 0 ? String(value) : '')

/** Points of several lines side by side. */
function lineTable(caption: string, heading: string, series: readonly LineSeries[]): Markup {
  const longest = Math.max(...series.map(({ points }) => points.length))
  return dataTable({
    caption,
    headings: [heading, ...series.map(({ name }) => `>${name}`)],
    rows: Array.from({ length: longest }, (_, i) => [
      String(i + 1),
      ...series.map(({ points }) => (points[i] ? threeDigits(points[i][1]) : '')),
    ]),
  })
}

const threeDigits = (value: number): string => (Number.isFinite(value) ? value.toPrecision(3) : 'not finite')

/** The gradient of the weights by layer and step, on the same scale for all networks. */
function timeFigure(network: TracedNetwork, all: readonly TracedNetwork[]): GradientFigure {
  const gradients = ({ measured }: TracedNetwork) =>
    measured.map(one => mainLayers(one).map(({ gradient }) => gradient))
  const { architecture, measured } = network
  const values = gradients(network)
  const layers = mainLayers(measured[0])
  const picked = [...new Set(Array.from({ length: 8 }, (_, i) => Math.round((i * (layers.length - 1)) / 7)))]
  const title = `${architecture}: gradients over time`
  return {
    name: `time-${architecture}`,
    draw: width =>
      heatMap({
        title,
        rows: measured.map(({ step }) => String(step)),
        values,
        x: { label: 'convolution, from the image to the classifier' },
        y: { label: 'steps done' },
        colour: logAxis('length of gradient', all.flatMap(gradients).flat()),
        width,
      }),
    caption: `Length of the gradient of each convolution’s weights in ${architecture}, from the beginning at the top to the last step at the bottom. The stronger the colour, the longer the gradient. The scale is the same for all networks.`,
    table: dataTable({
      caption: `${title}, some of the layers`,
      headings: ['steps', ...picked.map(i => `>${layers[i].name}`)],
      rows: measured.map(({ step }, row) => [String(step), ...picked.map(i => threeDigits(values[row][i]))]),
    }),
  }
}

/** The part of the gradient that reaches each block through shortcuts alone. */
function directFigure(networks: readonly TracedNetwork[], at: 0 | -1): GradientFigure {
  const series = linesOf(networks, at, shares).filter((_, i) => networks[i].measured[0].blocks[0].direct !== undefined)
  const when = timeText(networks, at)
  const title = `Through shortcuts alone, ${when}`
  return {
    name: `direct-${at === 0 ? 'before' : 'after'}`,
    draw: width =>
      lineChart({
        title,
        series,
        x: { label: 'block, from the image to the classifier', format: wholeNumber },
        y: logAxis(
          'part of the whole gradient',
          networks.flatMap(({ measured }) => [measured[0], measured.at(-1)!].flatMap(shares)),
        ),
        width,
      }),
    caption:
      at === 0
        ? 'Length of the part of the gradient that reached each block’s input through shortcuts and the ReLUs after additions, without passing a convolution of any block, divided by the length of the whole gradient. Above 1, the other part points against it.'
        : sameAs(when),
    table: lineTable(title, 'block', series),
  }
}

const shares = ({ blocks }: Measurement): number[] =>
  blocks.map(({ direct = Number.NaN, gradient }) => direct / gradient)
