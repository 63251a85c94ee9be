import { type ConvolutionGeometry, convolutionFields, convolutionOutput, FLOAT } from './convolution/geometry.ts'
import { isWinograd, piecesOf } from './convolution/winograd.ts'
import {
  COLUMNS,
  type Instruction,
  LANES,
  WEIGHT_GRADIENT_UNIT_PANELS,
  WINOGRAD_GAP,
  WINOGRAD_PIECE_GAP,
  WINOGRAD_POINTS,
} from './instructions.generated.ts'

/** How the gradient of a convolution's weights is computed. */
export interface WeightGradientPlan {
  readonly workspaceFloats: number
  /**
   * Computes the weights' gradient into `output` (OIHW), from the convolution's `input` and its output's `gradient`.
   */
  run(buffers: WeightGradientBuffers): Instruction[]
}

export interface WeightGradientBuffers {
  readonly input: number
  readonly gradient: number
  readonly output: number
  /** {@link WeightGradientPlan.workspaceFloats} long; its content before and after does not matter. */
  readonly workspace: number
}

interface Algorithm {
  readonly name: string
  readonly reason: string
  canRun(geometry: ConvolutionGeometry): boolean
  pays(geometry: ConvolutionGeometry): boolean
  plan(geometry: ConvolutionGeometry): WeightGradientPlan
}

/** The algorithms; the first row that can compute a gradient and pays off is chosen. */
const ALGORITHMS: readonly Algorithm[] = [
  {
    name: 'winograd',
    reason:
      'A quarter of the products: with the transforms 1.5 times the direct speed at 16 channels, 3 from 64 on. Not with 3 channels, nor where pixels are so few that the sums of 36 points, 4 times the weights, are most of the work.',
    canRun: g => isWinograd(g) && g.batch > 0,
    pays: g => g.channels >= 4 && pixelsOf(g) > 4 * (allPieces(g) + 6),
    plan: winograd,
  },
  {
    name: 'direct',
    reason:
      'Outer products of inputs and gradients, packed so that every tap reads them from front to back: the same speed with any kernel, stride and dilation. Taps of a row are joined where channels are few, which doubles it for 3.',
    canRun: () => true,
    pays: () => true,
    plan: direct,
  },
]

/** Plans the fastest way to compute the gradient of a convolution's weights. */
export function planConvolutionWeightGradient(geometry: ConvolutionGeometry): WeightGradientPlan {
  const algorithm = ALGORITHMS.find(row => row.canRun(geometry) && row.pays(geometry)) as Algorithm
  return algorithm.plan(geometry)
}

/** Plans every way to compute the gradient, by name, so that benchmarks can compare them. */
export function weightGradientPlans(geometry: ConvolutionGeometry): Record<string, WeightGradientPlan> {
  const able = ALGORITHMS.filter(row => row.canRun(geometry))
  return Object.fromEntries(able.map(({ name, plan }) => [name, plan(geometry)]))
}

/** The fewest units of work in a gradient, if it has enough pixels, so that many threads can share it evenly. */
const UNITS = 32
/** The fewest pixels in a segment. */
const SEGMENT_PIXELS = 256

/** Pixels of the output. */
function pixelsOf(g: ConvolutionGeometry): number {
  const [height, width] = convolutionOutput(g)
  return g.batch * height * width
}

function direct(g: ConvolutionGeometry): WeightGradientPlan {
  const fields = convolutionFields(g)
  const { columns, depth } = fields
  const taps = g.kernel[0] * g.kernel[1]
  const panels = Math.ceil(columns / COLUMNS)
  const wanted = Math.ceil(UNITS / (g.groups * Math.ceil(panels / WEIGHT_GRADIENT_UNIT_PANELS)))
  const segments = Math.max(1, Math.min(wanted, Math.floor(pixelsOf(g) / SEGMENT_PIXELS)))
  return {
    workspaceFloats: segments * g.groups * panels * taps * depth * COLUMNS,
    run: ({ input, gradient, output, workspace: partials }) => [
      {
        op: 'weightGradient',
        input,
        gradient,
        partials,
        segments,
        ...fields,
      },
      { op: 'sumWeights', partials, output, segments, groups: g.groups, columns, depth, taps },
    ],
  }
}

/** F(3x3, 4x4) has the same pieces and points as F(4x4, 3x3). */
const POINTS = WINOGRAD_POINTS.f4
/**
 * Transformed values that are multiplied before the next ones are computed; they should fit into the second-level
 * cache.
 */
const BLOCK_FLOATS = 256 * 1024
/** The fewest pieces in a block, as each block reads and writes the sums. */
const BLOCK_PIECES = 64

/** The number of pieces in the batch. */
function allPieces(g: ConvolutionGeometry): number {
  const [down, across] = piecesOf(g, 'f4')
  return g.batch * down * across
}

function winograd(g: ConvolutionGeometry): WeightGradientPlan {
  const [height, width] = convolutionOutput(g)
  const pieces = piecesOf(g, 'f4')
  const all = allPieces(g)
  const inputs = Math.ceil(g.channels / LANES) * LANES + WINOGRAD_PIECE_GAP
  const columns = Math.ceil(g.outputs / COLUMNS) * COLUMNS
  const fitting = Math.floor(BLOCK_FLOATS / (POINTS * (inputs + columns)))
  const block = Math.min(all, Math.max(BLOCK_PIECES, fitting))
  const inputFloats = POINTS * (inputs * block + WINOGRAD_GAP)
  const gradientFloats = POINTS * (columns * block + WINOGRAD_GAP)
  const sumFloats = POINTS * g.channels * columns
  return {
    workspaceFloats: inputFloats + gradientFloats + sumFloats,
    run: ({ input, gradient, output, workspace: inputs }) => {
      const gradients = inputs + inputFloats * FLOAT
      const sums = gradients + gradientFloats * FLOAT
      const instructions: Instruction[] = []
      for (let first = 0; first < all; first += block) {
        const part = { pieces, first, count: Math.min(block, all - first) }
        const { height: inputHeight, width: inputWidth, channels, outputs: columns } = g
        instructions.push(
          {
            op: 'winogradFactor',
            factor: 'input',
            source: input,
            transformed: inputs,
            height: inputHeight,
            width: inputWidth,
            channels,
            padding: [g.padding[0], g.padding[2]],
            ...part,
          },
          {
            op: 'winogradFactor',
            factor: 'gradient',
            source: gradient,
            transformed: gradients,
            height,
            width,
            channels: columns,
            padding: [0, 0],
            ...part,
          },
          { op: 'winogradProducts', inputs, gradients, sums, channels, columns, first, count: part.count },
        )
      }
      instructions.push({ op: 'winogradTaps', sums, output, channels: g.channels, columns: g.outputs })
      return instructions
    },
  }
}
