import { planDirect, planKernelRows } from './convolution/direct.ts'
import { type ConvolutionGeometry, convolutionOutput } from './convolution/geometry.ts'
import { type ConvolutionOptions, type ConvolutionPlan, oihw, type WeightsLayout } from './convolution/plan.ts'
import { formOf, isWinograd, piecesOf, planWinograd } from './convolution/winograd.ts'
import { type Filtering, TILE_ROWS, WINOGRAD_POINTS } from './instructions.generated.ts'

/** The fewest rows that a tile computes, though it may write fewer. */
const LEAST_ROWS = TILE_ROWS - 1

interface Algorithm {
  readonly name: string
  readonly reason: string
  /** Whether it can compute the convolution at all. */
  canRun(geometry: ConvolutionGeometry): boolean
  /** Whether it is the fastest algorithm for this number of images; `bench/algorithms.mjs` measures it. */
  pays(geometry: ConvolutionGeometry, images: number): boolean
  plan(geometry: ConvolutionGeometry, weights: WeightsLayout): ConvolutionPlan
}

/** The algorithms; the first row that can run a convolution and pays off is chosen. */
const ALGORITHMS: readonly Algorithm[] = [
  {
    name: 'winograd F2',
    reason:
      'A few pixels make too few pieces of 4x4 to fill tiles, and many channels take long to transform: 1.2 times as fast as F4 for 7x7 pixels of 512 channels.',
    canRun: isWinograd,
    pays: (g, n) => g.channels >= 4 && cost(g, 'f2', n) < Math.min(cost(g, 'f4', n), cost(g, 'direct', n)),
    plan: (g, weights) => planWinograd(g, weights, 'f2'),
  },
  {
    name: 'winograd F4',
    reason:
      'A quarter of the products of a 3x3 kernel: with the transforms 1.8 times the direct speed at 4 channels, 3 at 64.',
    canRun: isWinograd,
    pays: (g, n) => g.channels >= 4 && cost(g, 'f4', n) < cost(g, 'direct', n),
    plan: (g, weights) => planWinograd(g, weights, 'f4'),
  },
  {
    name: 'kernel rows',
    reason:
      'The tile starts again at every tap, which for 3 channels costs as much as their products. In a padded copy of the image the taps of a kernel row are one: 21 values for 7 x 3.',
    canRun: g => g.groups === 1 && g.dilation[1] === 1 && g.kernel[1] > 1 && Math.min(...g.padding) >= 0,
    pays: g => g.channels < 4,
    plan: planKernelRows,
  },
  {
    name: 'direct',
    reason: 'Row pointers for every tap, and the tile: 90 % of the peak for 1x1 and strided kernels alike.',
    canRun: () => true,
    pays: () => true,
    plan: planDirect,
  },
]

/**
 * The cost of a convolution, in rows of the tile for every panel. According to measurements, transforming kernels in
 * each run takes as long as seven rows for each point of their transform.
 */
function cost(g: ConvolutionGeometry, method: Filtering | 'direct', images: number): number {
  const [height, width] = convolutionOutput(g)
  if (method === 'direct') return 9 * Math.max(LEAST_ROWS, images * height * width)
  const [down, across] = piecesOf(g, method)
  return WINOGRAD_POINTS[method] * (Math.max(LEAST_ROWS, images * down * across) + (formOf(g) === 'panels' ? 7 : 0))
}

/** Plans the fastest way to run a convolution. */
export function planConvolution(geometry: ConvolutionGeometry, options: ConvolutionOptions = {}): ConvolutionPlan {
  const { weights = oihw(geometry), wholeBatch = false } = options
  const images = wholeBatch ? geometry.batch : 1
  const algorithm = ALGORITHMS.find(row => row.canRun(geometry) && row.pays(geometry, images)) as Algorithm
  return algorithm.plan(geometry, weights)
}

/** Plans every way to run a convolution, by name, so that benchmarks can compare them. */
export function convolutionPlans(geometry: ConvolutionGeometry): Record<string, ConvolutionPlan> {
  const able = ALGORITHMS.filter(row => row.canRun(geometry))
  return Object.fromEntries(able.map(({ name, plan }) => [name, plan(geometry, oihw(geometry))]))
}

/** `[m, k] x [k, n]`; with `transposed`, the second operand is stored as `[n, k]`. */
export interface MatmulGeometry {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly transposed?: boolean
}

/** Plans a matrix product, which runs as a convolution of `m` pixels with a 1x1 kernel. */
export function planMatmul({ m, k, n, transposed = false }: MatmulGeometry): ConvolutionPlan {
  const geometry: ConvolutionGeometry = {
    batch: 1,
    height: 1,
    width: m,
    channels: k,
    outputs: n,
    groups: 1,
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
  }
  const weights = oihw(geometry)
  return planConvolution(geometry, { weights: transposed ? weights : { ...weights, columnStride: 1, depthStride: n } })
}
