import type { Content, Drawing, LineSeries, Markup } from '../report/index.ts'
import { dataTable, lineChart, markup } from '../report/index.ts'
import type { Wiring } from '../wirings.ts'
import type { Degradation, DegradeRun } from './degrade.ts'
import { type NetworkRuns, networksOf, spreadOf, WIRING_NAMES } from './findings.ts'

/** A figure of a {@link Degradation}. */
export interface DegradationFigure {
  /** Name of its file, without an ending. */
  readonly name: string
  readonly draw: (width: number) => Drawing
  readonly caption: Content
  readonly table?: Markup
}

/** All figures; empty ones are left out. */
export function degradationFigures(degradation: Degradation): {
  readonly errors: readonly DegradationFigure[]
  readonly gradients: readonly DegradationFigure[]
  readonly responses: readonly DegradationFigure[]
} {
  const networks = networksOf(degradation)
  const families = [...new Set(networks.map(({ family }) => family))]
  return {
    errors: families.map(family => errorFigure(networks, family)),
    gradients: [
      gradientFigure(networks, 0),
      gradientFigure(networks, -1),
      earlyGradientFigure(networks),
      ...networks.filter(isDeepest).map(gradientInTime),
    ],
    responses: [
      responseFigure(networks, 'layer'),
      responseFigure(networks, 'rank'),
      ...networks.filter(one => one.family !== 'plain' && isDeepest(one, 0, networks)).map(branchFigure),
    ],
  }
}

const isDeepest = (one: NetworkRuns, _: number, all: readonly NetworkRuns[]): boolean =>
  one.depth === Math.max(...all.map(({ depth }) => depth))

const EPOCHS = { label: 'epoch', format: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : '') }

type Point = readonly [x: number, y: number]

/** The mean over seeds as a line, and the range over seeds as a band. */
function line(name: string, curves: readonly (readonly Point[])[], style: Partial<LineSeries> = {}): LineSeries {
  const xs = [...new Set(curves.flatMap(curve => curve.map(([x]) => x)))].sort((a, b) => a - b)
  const spreads = xs.map(
    x => [x, spreadOf(curves.flatMap(curve => curve.find(([at]) => at === x)?.[1] ?? []))!] as const,
  )
  const points = spreads.map(([x, { mean }]): Point => [x, mean])
  const band = curves.length > 1 ? spreads.map(([x, { low, high }]) => [x, low, high] as const) : undefined
  return { name, points, band, ...style }
}

/** A line for each network: a colour for each depth, dashed for plain networks. */
function linesOf(networks: readonly NetworkRuns[], curve: (run: DegradeRun) => readonly Point[]): LineSeries[] {
  const depths = [...new Set(networks.map(({ depth }) => depth))]
  return networks.map(({ network, family, depth, runs }) =>
    line(network, runs.map(curve), { hue: depths.indexOf(depth), dashed: family === 'plain' }),
  )
}

function errorCurve({ epochs }: DegradeRun, of: 'train' | 'test'): Point[] {
  return epochs.flatMap(({ epoch, trainTop1, testTop1 }) => {
    const top1 = of === 'train' ? trainTop1 : testTop1
    return top1 === null ? [] : [[epoch, 100 * (1 - top1)] as const]
  })
}

/** Training and test error against the epoch, as in figures 1 and 6 of He et al. 2015. */
function errorFigure(networks: readonly NetworkRuns[], family: Wiring): DegradationFigure {
  const own = networks.filter(one => one.family === family)
  const errors = networks.flatMap(({ runs }) =>
    runs.flatMap(run => [...errorCurve(run, 'train'), ...errorCurve(run, 'test')].map(([, error]) => error)),
  )
  const hasTest = own.some(({ runs }) => runs.some(run => errorCurve(run, 'test').length > 0))
  const series = own.flatMap(({ depth, runs }, i) =>
    (hasTest ? (['train', 'test'] as const) : (['train'] as const)).map(of =>
      line(
        `${depth} layers, ${of === 'train' ? 'training' : 'test'}`,
        runs.map(run => errorCurve(run, of)),
        { hue: i, dashed: of === 'train' },
      ),
    ),
  )
  const epochs = series[0].points.map(([epoch]) => epoch)
  return {
    name: `error-${family}`,
    // The same axis for all families, so that they can be compared.
    draw: width =>
      lineChart({
        title: `${WIRING_NAMES[family]}: error`,
        series,
        x: EPOCHS,
        y: {
          label: 'error (%)',
          min: Math.floor(Math.min(...errors) / 10) * 10,
          max: Math.ceil(Math.max(...errors) / 10) * 10,
        },
        width,
      }),
    caption: markup`${WIRING_NAMES[family]}. Dashed: error on the training images, over each epoch while the weights changed.${hasTest && ' Solid: error on the test images.'}${own[0].runs.length > 1 && ' Lines are means; bands reach from the best to the worst seed.'}`,
    table: dataTable({
      caption: `Error of ${WIRING_NAMES[family].toLowerCase()} by epoch, in percent`,
      headings: ['epoch', ...series.map(({ name }) => `>${name}`)],
      rows: epochs.map((epoch, i) => [String(epoch), ...series.map(({ points }) => points[i]?.[1].toFixed(2) ?? '')]),
    }),
  }
}

/** The gradient at each block's input, against the block's place: 0 for the first, 1 for the last. */
function blockCurve(run: DegradeRun, at: number): Point[] {
  const blocks = run.signals.at(at)?.blocks ?? []
  return blocks.map(({ gradient }, i) => [i / Math.max(1, blocks.length - 1), gradient])
}

function gradientFigure(networks: readonly NetworkRuns[], at: 0 | -1): DegradationFigure {
  const series = linesOf(networks, run => blockCurve(run, at))
  const when = at === 0 ? 'before training' : 'at the end of training'
  const rows = networks.flatMap(({ network, runs }) =>
    (runs[0].signals.at(at)?.blocks ?? []).map(({ name, gradient }) => [`${network} ${name}`, gradient.toPrecision(3)]),
  )
  return {
    name: at === 0 ? 'gradient-before' : 'gradient-after',
    draw: width =>
      lineChart({
        title: `Gradient that arrives at each block, ${when}`,
        series,
        x: { label: 'place of the block (0: the first, 1: the last)', min: 0, max: 1 },
        y: { label: 'length of gradient', scale: 'log' },
        width,
      }),
    caption: `Length of the loss’s gradient at the input of each block ${when}, for one image. It flows from the classifier on the right back to the images on the left.`,
    table: dataTable({
      caption: `Length of the gradient at each block ${when}`,
      headings: ['block', '>gradient'],
      rows,
    }),
  }
}

/** The gradient that the stem and the first stage learn from, during training. */
function earlyGradientFigure(networks: readonly NetworkRuns[]): DegradationFigure {
  const curve = ({ signals }: DegradeRun): Point[] =>
    signals.map(({ epoch, layers }) => {
      const early = layers.filter(({ name }) => name === 'conv1' || name.startsWith('layer1.'))
      return [epoch, Math.hypot(...early.map(({ gradient }) => gradient))]
    })
  const series = linesOf(networks, curve)
  const epochs = series[0].points.map(([epoch]) => epoch)
  return {
    name: 'gradient-early',
    draw: width =>
      lineChart({
        title: 'Gradient of the early layers’ weights over time',
        series,
        x: EPOCHS,
        y: { label: 'length of gradient', scale: 'log' },
        width,
      }),
    caption:
      'Length of the loss’s gradient with respect to all weights before the second stage, on the same images each time.',
    table: dataTable({
      caption: 'Length of the gradient of the early layers’ weights by epoch',
      headings: ['epoch', ...series.map(({ name }) => `>${name}`)],
      rows: epochs.map((epoch, i) => [
        String(epoch),
        ...series.map(({ points }) => points[i]?.[1].toPrecision(3) ?? ''),
      ]),
    }),
  }
}

/** The gradient of the weights during training. */
function gradientInTime({ network, family, runs }: NetworkRuns): DegradationFigure {
  const [{ signals }] = runs
  const shown = [...new Set([0, 1, Math.floor((signals.length - 1) / 2), signals.length - 1])].filter(i => signals[i])
  const series = shown.map((at, i) => {
    const { epoch, layers } = signals[at]
    const points = layers.map(({ gradient }, layer): Point => [layer + 1, gradient])
    return { name: epoch === 0 ? 'before training' : `after epoch ${epoch}`, points, hue: i }
  })
  return {
    name: `gradient-in-time-${family}`,
    draw: width =>
      lineChart({
        title: `${network}: gradient of each layer’s weights over time`,
        series,
        x: { label: 'layer' },
        y: { label: 'length of gradient', scale: 'log' },
        width,
      }),
    caption: markup`${network}${runs.length > 1 && ` with seed ${runs[0].seed}`}: length of the loss’s gradient with respect to the weights of each layer, on the same images each time.`,
    table: dataTable({
      caption: `Length of the gradient of each layer’s weights in ${network}`,
      headings: ['layer', ...signals.map(({ epoch }) => `>epoch ${epoch}`)],
      rows: signals[0].layers.map(({ name }, layer) => [
        name,
        ...signals.map(({ layers }) => layers[layer].gradient.toPrecision(3)),
      ]),
    }),
  }
}

/** Standard deviation of each convolution's response at the end. No batch norm follows the classifier. */
export const responsesOf = ({ signals }: DegradeRun): number[] =>
  (signals.at(-1)?.layers ?? []).slice(0, -1).map(({ response }) => response)

/**
 * Standard deviation of F(x) relative to that of x in each block, at one of the measurements; NaN in plain networks.
 */
export const residualsOf = ({ signals }: DegradeRun, at: number): number[] =>
  (signals.at(at)?.blocks ?? []).map(({ branch, shortcut }) => branch / (shortcut ?? Number.NaN))

/** Figure 7 of He et al. 2015: in the order of the layers, or sorted by size. */
function responseFigure(networks: readonly NetworkRuns[], order: 'layer' | 'rank'): DegradationFigure {
  const curve = (run: DegradeRun): Point[] => {
    const values = responsesOf(run)
    if (order === 'rank') values.sort((a, b) => b - a)
    return values.map((value, i) => [i + 1, value])
  }
  const series = linesOf(networks, curve)
  return {
    name: order === 'layer' ? 'responses' : 'responses-sorted',
    draw: width =>
      lineChart({
        title: `Layer responses${order === 'rank' ? ', sorted' : ''}`,
        series,
        x: { label: order === 'layer' ? 'layer' : 'layer, by size of response' },
        y: { label: 'standard deviation', min: 0 },
        width,
      }),
    caption:
      order === 'layer'
        ? 'Standard deviation of each convolution’s output after its batch norm, before ReLU and addition, at the end of training, as in figure 7 of He et al. 2015.'
        : 'The same values, from the largest to the smallest. The smaller a residual network’s responses are, the less its layers change what passes through them.',
    table: order === 'layer' ? responseTable(networks) : undefined,
  }
}

/** How much the blocks of a residual network change their input. */
function branchFigure({ network, family, runs }: NetworkRuns): DegradationFigure {
  const curve = (run: DegradeRun, at: number): Point[] => residualsOf(run, at).map((value, i) => [i + 1, value])
  const series = [0, Math.floor(runs[0].signals.length / 2), -1].map((at, hue) => {
    const epoch = runs[0].signals.at(at)?.epoch
    const name = epoch === 0 ? 'before training' : `after epoch ${epoch}`
    return line(
      name,
      runs.map(run => curve(run, at)),
      { hue },
    )
  })
  return {
    name: `residuals-${family}`,
    draw: width =>
      lineChart({
        title: `${network}: size of F(x) relative to x`,
        series,
        x: { label: 'block' },
        y: { label: 'std F(x) / std x', min: 0 },
        width,
      }),
    caption:
      'Standard deviation of F(x) divided by the standard deviation of what the shortcut adds, for each block. Below 1, a block changes its input rather than replacing it.',
    table: dataTable({
      caption: `Standard deviation of F(x) divided by the standard deviation of x in ${network}`,
      headings: ['block', ...series.map(({ name }) => `>${name}`)],
      rows: runs[0].signals[0].blocks.map(({ name }, i) => [
        name,
        ...series.map(({ points }) => points[i]?.[1].toPrecision(3) ?? ''),
      ]),
    }),
  }
}

function responseTable(networks: readonly NetworkRuns[]): Markup {
  const first = networks.map(({ runs }) => runs[0].signals.at(-1)?.layers ?? [])
  const longest = Math.max(...first.map(({ length }) => length))
  return dataTable({
    caption: 'Standard deviation of the layers’ responses',
    headings: ['layer', ...networks.map(({ network }) => `>${network}`)],
    rows: Array.from({ length: longest }, (_, i) => [
      String(i + 1),
      ...first.map(layers => layers[i]?.response.toPrecision(3) ?? ''),
    ]),
  })
}
