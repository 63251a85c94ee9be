import { type ConvolutionGeometry, convolutionOutput } from './convolution.ts'
import type { Instruction } from './instructions.generated.ts'

/** How the gradient of a convolution's weights is computed. */
export interface WeightGradientPlan {
  readonly workspaceFloats: number
  /** `input` is the convolution's, `gradient` that of its output, `output` gets that of the weights (OIHW). */
  run(buffers: WeightGradientBuffers): Instruction[]
}

export interface WeightGradientBuffers {
  readonly input: number
  readonly gradient: number
  readonly output: number
  /** {@link WeightGradientPlan.workspaceFloats} long, of no use before and after. */
  readonly workspace: number
}

interface Algorithm {
  readonly name: string
  readonly reason: string
  canRun(geometry: ConvolutionGeometry): boolean
  pays(geometry: ConvolutionGeometry): boolean
  plan(geometry: ConvolutionGeometry): WeightGradientPlan
}

/** The choice of algorithm: the first row that can compute a gradient and pays is taken. */
const ALGORITHMS: readonly Algorithm[] = [
  {
    name: 'direct',
    reason: 'Outer products of inputs and gradients, packed so that every tap reads them from front to back.',
    canRun: () => true,
    pays: () => true,
    plan: direct,
  },
]

export function planConvolutionWeightGradient(geometry: ConvolutionGeometry): WeightGradientPlan {
  const algorithm = ALGORITHMS.find(row => row.canRun(geometry) && row.pays(geometry)) as Algorithm
  return algorithm.plan(geometry)
}

/** Every way to compute the gradient, by name, for measuring them beside each other. */
export function weightGradientPlans(geometry: ConvolutionGeometry): Record<string, WeightGradientPlan> {
  const able = ALGORITHMS.filter(row => row.canRun(geometry))
  return Object.fromEntries(able.map(({ name, plan }) => [name, plan(geometry)]))
}

/** Rows, columns of the kernels' tile, and panels of one of their units of work. */
const ROWS = 4
const COLUMNS = 8
const UNIT_PANELS = 4

/** Units of work that a gradient is cut into at least, where there are pixels for it: enough for many threads to share evenly. */
const UNITS = 32
/** Pixels that a segment has at least. */
const SEGMENT_PIXELS = 256

function direct(g: ConvolutionGeometry): WeightGradientPlan {
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const columns = g.outputs / g.groups
  const depth = g.channels / g.groups
  const taps = g.kernel[0] * g.kernel[1]
  const panels = Math.ceil(columns / COLUMNS)
  const pixels = g.batch * outputHeight * outputWidth
  const wanted = Math.ceil(UNITS / (g.groups * Math.ceil(panels / UNIT_PANELS)))
  const segments = Math.max(1, Math.min(wanted, Math.floor(pixels / SEGMENT_PIXELS)))
  return {
    workspaceFloats: segments * g.groups * panels * taps * Math.ceil(depth / ROWS) * ROWS * COLUMNS,
    run: ({ input, gradient, output, workspace: partials }) => [
      {
        op: 'weightGradient',
        input,
        gradient,
        partials,
        segments,
        batch: g.batch,
        height: g.height,
        width: g.width,
        outputHeight,
        outputWidth,
        groups: g.groups,
        columns,
        depth,
        kernel: g.kernel,
        stride: g.stride,
        dilation: g.dilation,
        padding: [g.padding[0], g.padding[2]],
      },
      { op: 'sumWeights', partials, output, segments, groups: g.groups, columns, depth, taps },
    ],
  }
}
