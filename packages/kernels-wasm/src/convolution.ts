import type { Activation, Filtering, Instruction } from './instructions.generated.ts'

/** Columns of a packed panel: the width of the kernels' tile. */
const COLUMNS = 8

/** A 2-D convolution of `[batch, height, width, channels]` with weights `[outputs, channels / groups, kernel...]`. */
export interface ConvolutionGeometry {
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly outputs: number
  readonly groups: number
  readonly kernel: readonly [height: number, width: number]
  readonly stride: readonly [height: number, width: number]
  readonly dilation: readonly [height: number, width: number]
  /** Negative where rows or columns of the input are left out. */
  readonly padding: readonly [top: number, bottom: number, left: number, right: number]
}

/** Where the weights of a convolution lie, in values. */
export interface WeightsLayout {
  /** Of the first tap that is read. */
  readonly offset: number
  readonly groupStride: number
  /** From one output of a group to the next. */
  readonly columnStride: number
  /** From one input channel of a group to the next. */
  readonly depthStride: number
  /** From one tap to the one below, and to the right. */
  readonly tapStrides: readonly [number, number]
}

/** Addresses of one convolution's buffers; `bias` and `residual` may be 0. */
export interface ConvolutionBuffers {
  readonly input: number
  /** Packed, {@link ConvolutionPlan.packedFloats} long. */
  readonly weights: number
  /** {@link ConvolutionPlan.biasFloats} long. */
  readonly bias: number
  readonly residual: number
  readonly output: number
  /** {@link ConvolutionPlan.zeros} zeros. */
  readonly zeros: number
  /**
   * {@link ConvolutionPlan.workspaceFloats} long and {@link ConvolutionPlan.threadFloats} more for each thread; of no
   * use before and after.
   */
  readonly workspace: number
  readonly activation: Activation
}

/** How a convolution or matrix product runs, and what memory it wants. */
export interface ConvolutionPlan {
  readonly packedFloats: number
  readonly biasFloats: number
  readonly zeros: number
  readonly workspaceFloats: number
  readonly threadFloats: number
  /** Packs weights (OIHW, or a matrix) once. */
  pack(source: number, packed: number): Instruction
  run(buffers: ConvolutionBuffers): Instruction[]
}

interface Algorithm {
  readonly name: string
  readonly reason: string
  /** Whether it computes the convolution at all. */
  canRun(geometry: ConvolutionGeometry): boolean
  /** Whether it is the fastest that can; `bench/algorithms.mjs` measures it. */
  pays(geometry: ConvolutionGeometry): boolean
  plan(geometry: ConvolutionGeometry, weights: WeightsLayout): ConvolutionPlan
}

/** The choice of algorithm: the first row that can run a convolution and pays is taken. */
const ALGORITHMS: readonly Algorithm[] = [
  {
    name: 'winograd F2',
    reason:
      'A few pixels are too few pieces of 4x4 to fill a tile, which has 4 rows; and with many channels it takes as long to transform the weights.',
    canRun: isWinograd,
    pays: g => g.channels >= 4 && tiles(g, 'F2') < Math.min(tiles(g, 'F4'), tiles(g, 'direct')),
    plan: (g, weights) => winograd(g, weights, 'F2'),
  },
  {
    name: 'winograd F4',
    reason:
      'A quarter of the products of a 3x3 kernel: with the transforms 1.8 times the direct speed at 4 channels, 3 at 64.',
    canRun: isWinograd,
    pays: g => g.channels >= 4 && tiles(g, 'F4') < tiles(g, 'direct'),
    plan: (g, weights) => winograd(g, weights, 'F4'),
  },
  {
    name: 'direct',
    reason:
      'Row pointers for every tap and the 4x8 tile: over 90 % of the peak for 1x1, strided and 7x7 with 3 channels alike; padding first and merging the taps of a kernel row gained nothing.',
    canRun: () => true,
    pays: () => true,
    plan: planDirect,
  },
]

/** Rows of the kernels' tile. */
const ROWS = 4

/**
 * Tiles of a panel, which is what a convolution costs: for one picture, so that a picture's result does not depend on
 * how many others are in its batch. Measured, transforming a kernel at each run takes as long as one tile for each
 * point of the transform.
 */
function tiles(g: ConvolutionGeometry, method: Filtering | 'direct'): number {
  const [height, width] = convolutionOutput(g)
  if (method === 'direct') return 9 * Math.ceil((height * width) / ROWS)
  const [down, across] = piecesOf(g, method)
  const products = Math.ceil((down * across) / ROWS)
  return POINTS[method] * (formOf(g) === 'panels' ? products + 1 : products)
}

/** Height and width of a convolution's output. */
export function convolutionOutput(g: ConvolutionGeometry): [height: number, width: number] {
  const size = (input: number, axis: 0 | 1, padding: number) =>
    Math.floor((input + padding - g.dilation[axis] * (g.kernel[axis] - 1) - 1) / g.stride[axis]) + 1
  return [size(g.height, 0, g.padding[0] + g.padding[1]), size(g.width, 1, g.padding[2] + g.padding[3])]
}

/** Weights as PyTorch has them: `[outputs, channels / groups, kernel height, kernel width]`. */
function oihw(g: ConvolutionGeometry): WeightsLayout {
  const taps = g.kernel[0] * g.kernel[1]
  const columnStride = (g.channels / g.groups) * taps
  const groupStride = (g.outputs / g.groups) * columnStride
  return { offset: 0, groupStride, columnStride, depthStride: taps, tapStrides: [g.kernel[1], 1] }
}

/** The fastest way to run a convolution, with weights in PyTorch's layout unless another is given. */
export function planConvolution(geometry: ConvolutionGeometry, weights = oihw(geometry)): ConvolutionPlan {
  const algorithm = ALGORITHMS.find(row => row.canRun(geometry) && row.pays(geometry)) as Algorithm
  return algorithm.plan(geometry, weights)
}

/** Every way to run a convolution, by name, for measuring them beside each other. */
export function convolutionPlans(geometry: ConvolutionGeometry): Record<string, ConvolutionPlan> {
  const able = ALGORITHMS.filter(row => row.canRun(geometry))
  return Object.fromEntries(able.map(({ name, plan }) => [name, plan(geometry, oihw(geometry))]))
}

/** Bytes of a value. */
const FLOAT = 4

/** Row pointers to every tap, and the tile: any convolution at all. */
export function planDirect(g: ConvolutionGeometry, { offset, ...strides }: WeightsLayout): ConvolutionPlan {
  const depth = g.channels / g.groups
  const columns = g.outputs / g.groups
  const taps = g.kernel[0] * g.kernel[1]
  const [outputHeight, outputWidth] = convolutionOutput(g)
  return {
    packedFloats: g.groups * Math.ceil(columns / COLUMNS) * COLUMNS * taps * depth,
    // The tile reads a whole panel's biases wherever it starts.
    biasFloats: g.outputs + COLUMNS,
    zeros: g.channels,
    workspaceFloats: 0,
    // A block of pixels has 16 tiles, and of each of their rows a pointer for each tap.
    threadFloats: 16 * ROWS * taps,
    pack: (source, packed) => ({
      op: 'packPanels',
      source: source + offset * FLOAT,
      packed,
      groups: g.groups,
      columns,
      taps: g.kernel,
      depth,
      ...strides,
    }),
    run: ({ workspace, ...buffers }) => [
      {
        op: 'conv2d',
        ...buffers,
        batch: g.batch,
        height: g.height,
        width: g.width,
        pixelStride: g.channels,
        outputHeight,
        outputWidth,
        groups: g.groups,
        columns,
        depth,
        kernel: g.kernel,
        stride: g.stride,
        dilation: g.dilation,
        padding: [g.padding[0], g.padding[2]],
        scratch: workspace,
        scratchFloats: 16 * ROWS * taps,
      },
    ],
  }
}

/** Outputs of a piece, down and across, and points of its transform. */
const SIZE = { F2: 2, F4: 4 } as const
const POINTS = { F2: 16, F4: 36 } as const
/** Values between the planes of transformed inputs, products and weights, as in crates/nn/src/winograd. */
const PLANE_GAP = 16
/** Products of one point of a unit of work, 16 pieces by 4 panels. */
const PRODUCTS = 16 * 4 * COLUMNS + PLANE_GAP
/** Transformed pieces that are multiplied before the next ones are transformed: they should stay in the second-level cache. */
const BLOCK_FLOATS = 512 * 1024

function isWinograd(g: ConvolutionGeometry): boolean {
  return [...g.kernel, ...g.stride, ...g.dilation, g.groups].join() === '3,3,1,1,1,1,1'
}

/** Pieces of a picture, down and across. */
function piecesOf(g: ConvolutionGeometry, filtering: Filtering): [number, number] {
  const [height, width] = convolutionOutput(g)
  return [Math.ceil(height / SIZE[filtering]), Math.ceil(width / SIZE[filtering])]
}

/**
 * Whether weights are transformed once, or from panels at each run. Of few channels they stay in the caches, and are
 * read faster than transformed. From 96 on they do not: reading 9 values and transforming them takes less time than
 * reading 36, and memory as well.
 */
function formOf({ channels, outputs }: ConvolutionGeometry): 'transformed' | 'panels' {
  return channels * outputs < 96 * 96 ? 'transformed' : 'panels'
}

function winograd(g: ConvolutionGeometry, weights: WeightsLayout, filtering: Filtering): ConvolutionPlan {
  const { offset, columnStride, depthStride: channelStride, tapStrides } = weights
  const [height, width] = convolutionOutput(g)
  const pieces = piecesOf(g, filtering)
  const all = g.batch * pieces[0] * pieces[1]
  const points = POINTS[filtering]
  const block = Math.min(all, Math.max(16, Math.floor(BLOCK_FLOATS / (points * g.channels * 16)) * 16))
  const form = formOf(g)
  const weightFloats = (panels: number) => points * (panels * g.channels * COLUMNS + PLANE_GAP)
  const workspaceFloats = points * (block * g.channels + PLANE_GAP)
  const scratchFloats = points * PRODUCTS + (form === 'panels' ? weightFloats(4) : 0)
  const { packedFloats, pack } = planDirect(g, weights)
  return {
    packedFloats: form === 'panels' ? packedFloats : weightFloats(Math.ceil(g.outputs / COLUMNS)),
    biasFloats: g.outputs + COLUMNS,
    zeros: 0,
    workspaceFloats,
    threadFloats: scratchFloats,
    pack:
      form === 'panels'
        ? pack
        : (source, packed) => ({
            op: 'winogradWeights',
            filtering,
            source: source + offset * FLOAT,
            packed,
            channels: g.channels,
            columns: g.outputs,
            columnStride,
            channelStride,
            tapStrides,
          }),
    run: ({ input, workspace: transformed, zeros: _, ...buffers }) => {
      const instructions: Instruction[] = []
      const scratch = transformed + workspaceFloats * FLOAT
      for (let first = 0; first < all; first += block) {
        const part = {
          filtering,
          transformed,
          channels: g.channels,
          pieces,
          first,
          count: Math.min(block, all - first),
        }
        const padding = [g.padding[0], g.padding[2]]
        instructions.push(
          { op: 'winogradInput', input, ...part, height: g.height, width: g.width, padding },
          {
            op: 'winogradOutput',
            ...buffers,
            ...part,
            form,
            height,
            width,
            columns: g.outputs,
            scratch,
            scratchFloats,
          },
        )
      }
      return instructions
    },
  }
}

/** `[m, k] x [k, n]`; with `transposed`, the second operand is stored as `[n, k]`. */
export interface MatmulGeometry {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly transposed?: boolean
}

/** A matrix product runs as a convolution of `m` pixels with a 1x1 kernel. */
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
  return planConvolution(geometry, transposed ? weights : { ...weights, columnStride: 1, depthStride: n })
}
