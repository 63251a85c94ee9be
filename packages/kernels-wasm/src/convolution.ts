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
  /** {@link ConvolutionPlan.workspaceFloats} long, of no use before and after. */
  readonly workspace: number
  readonly activation: Activation
}

/** How a convolution or matrix product runs, and what memory it wants. */
export interface ConvolutionPlan {
  readonly packedFloats: number
  readonly biasFloats: number
  readonly zeros: number
  readonly workspaceFloats: number
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
      'Of few pieces and many channels F4 waits for its weights, 4 times those of the kernel; F2 has 1.8 times as many and 16 products for 36.',
    canRun: isWinograd,
    pays: g => piecesOf(g, 4).all <= 6 && g.channels * g.outputs >= 256 * 256,
    plan: (g, weights) => winograd(g, weights, 'F2', 2),
  },
  {
    name: 'winograd F4',
    reason:
      'A quarter of the products of a 3x3 kernel: with the transforms 1.8 times the direct speed at 4 channels, 3 at 64.',
    canRun: isWinograd,
    pays: g => g.channels >= 4,
    plan: (g, weights) => winograd(g, weights, 'F4', 4),
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
    run: ({ workspace: _, ...buffers }) => [
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
      },
    ],
  }
}

/** Values between the planes of the transformed input, as in crates/nn/src/winograd.rs. */
const PLANE_GAP = 16
/** Transformed pieces that are multiplied before the next ones are transformed: they should stay in the second-level cache. */
const BLOCK_FLOATS = 512 * 1024

function isWinograd(g: ConvolutionGeometry): boolean {
  return [...g.kernel, ...g.stride, ...g.dilation, g.groups].join() === '3,3,1,1,1,1,1'
}

/** Pieces of `size` x `size` outputs: of one picture down and across, and of the batch. */
function piecesOf(g: ConvolutionGeometry, size: number): { pieces: [number, number]; all: number } {
  const [height, width] = convolutionOutput(g)
  const pieces: [number, number] = [Math.ceil(height / size), Math.ceil(width / size)]
  return { pieces, all: g.batch * pieces[0] * pieces[1] }
}

/** Winograd's filtering with pieces of `size` x `size` outputs. */
function winograd(
  g: ConvolutionGeometry,
  { offset, columnStride, depthStride: channelStride, tapStrides }: WeightsLayout,
  filtering: Filtering,
  size: number,
): ConvolutionPlan {
  const [height, width] = convolutionOutput(g)
  const { pieces, all } = piecesOf(g, size)
  const points = (size + 2) ** 2
  const block = Math.min(all, Math.max(16, Math.floor(BLOCK_FLOATS / (points * g.channels * 16)) * 16))
  return {
    packedFloats: points * Math.ceil(g.outputs / COLUMNS) * COLUMNS * g.channels,
    biasFloats: g.outputs + COLUMNS,
    zeros: 0,
    workspaceFloats: points * (block * g.channels + PLANE_GAP),
    pack: (source, packed) => ({
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
          { op: 'winogradOutput', ...buffers, ...part, height, width, columns: g.outputs },
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
