import type { Activation, Filtering, Instruction } from './instructions.generated.ts'

/** Columns of a packed panel: the width of the kernels' tile. */
const COLUMNS = 8
/** Row pointers of a tap in a block of 96 pixels, and of those that a tile computes in vain; as in crates/nn/src/conv2d.rs. */
const TABLE = 96 + 6

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
  /** Outputs whose weights can be packed by themselves, in multiples; none where their weights do not lie together. */
  readonly packUnit?: number
  /** Packs weights (OIHW, or a matrix) once: all, or `count` outputs from `first` on, at the first of which is `source`. */
  pack(source: number, packed: number, part?: { readonly first: number; readonly count: number }): Instruction
  run(buffers: ConvolutionBuffers): Instruction[]
}

export interface ConvolutionOptions {
  /** Where weights lie before they are packed; default PyTorch's `[outputs, channels / groups, kernel...]`. */
  readonly weights?: WeightsLayout
  /**
   * Whether to take what is fastest for the whole batch, as in training: up to 1.4 times as fast, and an image's result
   * then depends, in its last digits, on how many others are in its batch. Default false.
   */
  readonly wholeBatch?: boolean
}

interface Algorithm {
  readonly name: string
  readonly reason: string
  /** Whether it computes the convolution at all. */
  canRun(geometry: ConvolutionGeometry): boolean
  /** Whether it is the fastest that can, for so many images; `bench/algorithms.mjs` measures it. */
  pays(geometry: ConvolutionGeometry, images: number): boolean
  plan(geometry: ConvolutionGeometry, weights: WeightsLayout): ConvolutionPlan
}

/** The choice of algorithm: the first row that can run a convolution and pays is taken. */
const ALGORITHMS: readonly Algorithm[] = [
  {
    name: 'winograd F2',
    reason:
      'Of a few pixels there are not 4x4 pieces enough to fill tiles, and many channels take long to be transformed: 1.2 times as fast as F4 for 7x7 pixels of 512 channels.',
    canRun: isWinograd,
    pays: (g, n) => g.channels >= 4 && cost(g, 'F2', n) < Math.min(cost(g, 'F4', n), cost(g, 'direct', n)),
    plan: (g, weights) => winograd(g, weights, 'F2'),
  },
  {
    name: 'winograd F4',
    reason:
      'A quarter of the products of a 3x3 kernel: with the transforms 1.8 times the direct speed at 4 channels, 3 at 64.',
    canRun: isWinograd,
    pays: (g, n) => g.channels >= 4 && cost(g, 'F4', n) < cost(g, 'direct', n),
    plan: (g, weights) => winograd(g, weights, 'F4'),
  },
  {
    name: 'kernel rows',
    reason:
      'The tile begins anew at every tap, which of 3 channels costs as much as their products. In a padded copy of the image the taps of a row of the kernel are one: 21 values for 7 x 3.',
    canRun: g => g.groups === 1 && g.dilation[1] === 1 && g.kernel[1] > 1 && Math.min(...g.padding) >= 0,
    pays: g => g.channels < 4,
    plan: kernelRows,
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
 * What a convolution costs, in rows of the tile for every panel. A tile computes five rows at least. Measured,
 * transforming kernels at each run takes as long as seven rows for each point of their transform.
 */
function cost(g: ConvolutionGeometry, method: Filtering | 'direct', images: number): number {
  const [height, width] = convolutionOutput(g)
  if (method === 'direct') return 9 * Math.max(5, images * height * width)
  const [down, across] = piecesOf(g, method)
  return POINTS[method] * (Math.max(5, images * down * across) + (formOf(g) === 'panels' ? 7 : 0))
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

/** The fastest way to run a convolution. */
export function planConvolution(geometry: ConvolutionGeometry, options: ConvolutionOptions = {}): ConvolutionPlan {
  const { weights = oihw(geometry), wholeBatch = false } = options
  const images = wholeBatch ? geometry.batch : 1
  const algorithm = ALGORITHMS.find(row => row.canRun(geometry) && row.pays(geometry, images)) as Algorithm
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
  const groupFloats = Math.ceil(columns / COLUMNS) * COLUMNS * taps * depth
  const { columnStride, groupStride } = strides
  const liesTogether = offset === 0 && columnStride === taps * depth && groupStride === columns * columnStride
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const pointers = taps * TABLE
  return {
    packedFloats: g.groups * groupFloats,
    // The tile reads a whole panel's biases wherever it starts.
    biasFloats: g.outputs + COLUMNS,
    zeros: g.channels,
    workspaceFloats: 0,
    threadFloats: pointers,
    ...(liesTogether ? { packUnit: g.groups === 1 ? COLUMNS : columns } : {}),
    pack: (source, packed, { first, count } = { first: 0, count: g.outputs }) => ({
      op: 'packPanels',
      source: source + offset * FLOAT,
      packed: packed + (g.groups === 1 ? first * taps * depth : (first / columns) * groupFloats) * FLOAT,
      groups: g.groups === 1 ? 1 : count / columns,
      columns: g.groups === 1 ? count : columns,
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
        scratchFloats: pointers,
      },
    ],
  }
}

/** The direct kernel on a padded copy of the input, with the taps of a row of the kernel as one. */
function kernelRows(g: ConvolutionGeometry, weights: WeightsLayout): ConvolutionPlan {
  const plan = planDirect(g, weights)
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const row = g.width * g.channels
  const paddedWidth = g.width + g.padding[2] + g.padding[3]
  const paddedRow = paddedWidth * g.channels
  const paddedHeight = g.height + g.padding[0] + g.padding[1]
  const padded = g.batch * paddedHeight * paddedRow
  const scratchFloats = TABLE * g.kernel[0]
  return {
    ...plan,
    zeros: 0,
    workspaceFloats: padded,
    threadFloats: scratchFloats,
    run: ({ input, workspace, ...buffers }) => [
      { op: 'fill', output: workspace, count: padded, value: 0 },
      {
        op: 'copy',
        input,
        output: workspace + 4 * (g.padding[0] * paddedRow + g.padding[2] * g.channels),
        sizes: [1, 1, 1, g.batch, g.height, row],
        inputStrides: [0, 0, 0, g.height * row, row, 1],
        outputStrides: [0, 0, 0, paddedHeight * paddedRow, paddedRow, 1],
      },
      {
        op: 'conv2d',
        input: workspace,
        ...buffers,
        batch: g.batch,
        height: paddedHeight,
        width: paddedWidth,
        pixelStride: g.channels,
        outputHeight,
        outputWidth,
        groups: 1,
        columns: g.outputs,
        depth: g.kernel[1] * g.channels,
        kernel: [g.kernel[0], 1],
        stride: g.stride,
        dilation: g.dilation,
        padding: [0, 0],
        scratch: workspace + padded * FLOAT,
        scratchFloats,
      },
    ],
  }
}

/** Outputs of a piece, down and across, and points of its transform. */
const SIZE = { F2: 2, F4: 4 } as const
const POINTS = { F2: 16, F4: 36 } as const
/** Values between transformed pieces, and between the points of products and weights, as in crates/nn/src/winograd. */
export const GAP = 16
/** Products of one point of a unit of work, 24 pieces by 4 panels. */
const UNIT_PIECES = 24
const PRODUCTS = UNIT_PIECES * 4 * COLUMNS + GAP
/** Transformed pieces that are multiplied before the next ones are transformed: they should stay in the second-level cache. */
const BLOCK_FLOATS = 512 * 1024

export function isWinograd(g: ConvolutionGeometry): boolean {
  return [...g.kernel, ...g.stride, ...g.dilation, g.groups].join() === '3,3,1,1,1,1,1'
}

/** Pieces of an image, down and across. */
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

/**
 * Pieces of a block, where `fitting` should stay in the cache: all of them, or, of blocks of nearly the same size, a
 * multiple of two units of work, so that threads have equal shares.
 */
function blockOf(all: number, fitting: number): number {
  if (all <= fitting) return all
  const multiple = fitting < 2 * UNIT_PIECES ? 16 : 2 * UNIT_PIECES
  const most = Math.max(1, Math.floor(fitting / multiple)) * multiple
  return Math.min(all, Math.ceil(all / Math.ceil(all / most) / multiple) * multiple)
}

function winograd(g: ConvolutionGeometry, weights: WeightsLayout, filtering: Filtering): ConvolutionPlan {
  const { offset, columnStride, depthStride: channelStride, tapStrides } = weights
  const [height, width] = convolutionOutput(g)
  const pieces = piecesOf(g, filtering)
  const all = g.batch * pieces[0] * pieces[1]
  const points = POINTS[filtering]
  const block = blockOf(all, Math.floor(BLOCK_FLOATS / (points * g.channels)))
  const form = formOf(g)
  const weightFloats = (panels: number) => points * (panels * g.channels * COLUMNS + GAP)
  const workspaceFloats = block * (points * g.channels + GAP)
  const scratchFloats = points * PRODUCTS + (form === 'panels' ? weightFloats(4) : 0)
  const { packedFloats, packUnit, pack } = planDirect(g, weights)
  return {
    packedFloats: form === 'panels' ? packedFloats : weightFloats(Math.ceil(g.outputs / COLUMNS)),
    biasFloats: g.outputs + COLUMNS,
    zeros: 0,
    workspaceFloats,
    threadFloats: scratchFloats,
    ...(form === 'panels' && packUnit !== undefined ? { packUnit } : {}),
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
  return planConvolution(geometry, { weights: transposed ? weights : { ...weights, columnStride: 1, depthStride: n } })
}
