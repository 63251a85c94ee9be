// Generated from crates/ by `cargo run -p program --example typescript`.

/** The most threads of a pool. */
export const MAX_THREADS = 64

/** Lanes of a vector. */
export const LANES = 4

/** Columns of a packed panel: the width of the kernels' tile. */
export const COLUMNS = 8

/** The most rows of the tile. */
export const TILE_ROWS = 6

/** Row pointers that a thread of `conv2d` needs for each tap. */
export const ROW_POINTERS = 102

/** Dimensions of a strided operation; missing ones have size 1. */
export const RANK = 6

/** Values that `blockMoments` writes for each block and channel. */
export const MOMENT_PARTS = 3

/** Values that `normalizeSums` writes for each block and channel. */
export const GRADIENT_SUMS = 2

/** The most panels of a unit of work of `weightGradient`. */
export const WEIGHT_GRADIENT_UNIT_PANELS = 4

/** Outputs of a piece, down and across. */
export const WINOGRAD_OUTPUT = { f2: 2, f4: 4 } as const

/** Points of a piece's transform. */
export const WINOGRAD_POINTS = { f2: 16, f4: 36 } as const

/** Values between transformed pieces, between the points of products and weights, and between those of factors. */
export const WINOGRAD_GAP = 16

/** The most pieces of a unit of work of `winogradOutput`. */
export const WINOGRAD_UNIT_PIECES = 24

/** The most panels of a unit of work of `winogradOutput`. */
export const WINOGRAD_UNIT_PANELS = 4

/** Values from the products of one point to those of the next. */
export const WINOGRAD_PRODUCTS = 784

/** Values between the pieces of an input that `winogradFactor` writes. */
export const WINOGRAD_PIECE_GAP = 8

/** The activation function, applied last to every element of the output. */
export const Activation = ['none', 'relu'] as const
export type Activation = (typeof Activation)[number]

export const BinaryKind = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'gate'] as const
export type BinaryKind = (typeof BinaryKind)[number]

/** Which factor of the products pieces are transformed to. */
export const Factor = ['input', 'gradient'] as const
export type Factor = (typeof Factor)[number]

/** Which filtering is used. */
export const Filtering = ['f2', 'f4'] as const
export type Filtering = (typeof Filtering)[number]

export const PoolKind = ['max', 'average', 'averageWithPadding'] as const
export type PoolKind = (typeof PoolKind)[number]

export const ReduceKind = ['sum', 'mean', 'max', 'min'] as const
export type ReduceKind = (typeof ReduceKind)[number]

export const UnaryKind = ['relu', 'neg', 'abs', 'exp', 'log', 'sqrt', 'square', 'reciprocal', 'sigmoid', 'tanh', 'silu'] as const
export type UnaryKind = (typeof UnaryKind)[number]

/** How a convolution stores its weights. */
export const WeightForm = ['transformed', 'panels'] as const
export type WeightForm = (typeof WeightForm)[number]

/** Packs a matrix or convolution weights into panels of 8 columns. */
export interface PackPanels {
  op: 'packPanels'
  source: number
  /** `[groups, panels, taps, depth, 8]`, missing columns zero. */
  packed: number
  /** Independent products with their own columns (convolution groups). */
  groups: number
  /** Columns of each group. */
  columns: number
  /** Rows and columns of a kernel, packed one after the other. */
  taps: readonly number[]
  depth: number
  groupStride: number
  columnStride: number
  /** Negative to rotate the kernel by 180 degrees. */
  tapStrides: readonly number[]
  depthStride: number
}

/**
 * A convolution with bias, residual and activation. With one tap and one "pixel" per row it is a matrix product.
 *
 * With a kernel one wide, a padded input and a depth of kernel width x channels, one tap covers a whole kernel
 * row: convolutions of few channels run this way.
 */
export interface Conv2d {
  op: 'conv2d'
  /** `[batch, height, width, pixelStride]`; group `g` reads `depth` channels from `g * depth` on. */
  input: number
  /** Packed by `packPanels`. */
  weights: number
  /** `[batch, outputHeight, outputWidth, groups * columns]`. */
  output: number
  /** At least `pixelStride` zeros, read for taps in the padding. */
  zeros: number
  /** One value for each column, padded to a whole panel; 0 for none. */
  bias: number
  /** Laid out like the output; 0 for none. */
  residual: number
  activation: Activation
  batch: number
  height: number
  width: number
  outputHeight: number
  outputWidth: number
  groups: number
  /** Output channels of a group. */
  columns: number
  /** Input channels of a group. */
  depth: number
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  /**
   * Padding rows above and columns to the left, cropped if negative; the padding below and to the right follows
   * from the sizes.
   */
  padding: readonly number[]
  pixelStride: number
  /** Row pointers: `scratchFloats` values of 4 bytes for each thread. */
  scratch: number
  scratchFloats: number
}

/** Transforms 3x3 weights and packs a set of panels for each point. */
export interface WinogradWeights {
  op: 'winogradWeights'
  filtering: Filtering
  source: number
  /** `[point][panel][channel][8]`, with 16 values between points. */
  packed: number
  channels: number
  columns: number
  columnStride: number
  channelStride: number
  /** Negative to rotate the kernel by 180 degrees. */
  tapStrides: readonly number[]
}

/** Transforms the pieces `first .. first + count` of the input, each into a value for every point and channel. */
export interface WinogradInput {
  op: 'winogradInput'
  filtering: Filtering
  /** `[batch, height, width, channels]`. */
  input: number
  /** `[count][point][channels]`, with 16 values between pieces. */
  transformed: number
  /** Height of the images; width and channels are theirs too. */
  height: number
  width: number
  channels: number
  /** Padding rows above and columns to the left, cropped if negative; none around gradients. */
  padding: readonly number[]
  /** Pieces of an image, down and across. */
  pieces: readonly number[]
  /** The first piece, counted through all images. */
  first: number
  count: number
}

/** Multiplies transformed pieces and weights, transforms the products back and applies bias, residual and activation. */
export interface WinogradOutput {
  op: 'winogradOutput'
  filtering: Filtering
  form: WeightForm
  /** Written by `winogradInput`. */
  transformed: number
  /** Written by `winogradWeights` or by `packPanels`, according to their form. */
  weights: number
  /** One value for each column, padded to a whole panel; 0 for none. */
  bias: number
  /** Laid out like the output; 0 for none. */
  residual: number
  activation: Activation
  /** `[batch, height, width, columns]`. */
  output: number
  /** Height of the output; the width is the output's too. */
  height: number
  width: number
  channels: number
  columns: number
  pieces: readonly number[]
  first: number
  count: number
  /** `scratchFloats` values for each thread. */
  scratch: number
  scratchFloats: number
}

/** Max or average pooling of `[batch, height, width, channels]`. */
export interface Pool2d {
  op: 'pool2d'
  kind: PoolKind
  input: number
  output: number
  batch: number
  height: number
  width: number
  channels: number
  outputHeight: number
  outputWidth: number
  kernel: readonly number[]
  stride: readonly number[]
  padding: readonly number[]
}

/** Copies a strided block of 4-byte elements: a slice, concatenation, padding or transpose. */
export interface Copy {
  op: 'copy'
  input: number
  output: number
  sizes: readonly number[]
  inputStrides: readonly number[]
  outputStrides: readonly number[]
}

/** Sets every value of a buffer to `value`. */
export interface Fill {
  op: 'fill'
  output: number
  count: number
  value: number
}

/** An elementwise operation on one operand: `output[i] = kind(input[i])`. */
export interface Unary {
  op: 'unary'
  kind: UnaryKind
  input: number
  /** May be the same buffer as the input. */
  output: number
  count: number
}

/**
 * An elementwise operation on two operands broadcast to one shape. A broadcast dimension has stride 0; the
 * innermost strides are 0 or 1.
 */
export interface Binary {
  op: 'binary'
  kind: BinaryKind
  a: number
  b: number
  output: number
  sizes: readonly number[]
  aStrides: readonly number[]
  bStrides: readonly number[]
}

/**
 * `output = activation(input * scale + shift)` with one scale and shift for each channel: a batch norm at
 * inference that no convolution before it can absorb.
 */
export interface ScaleShift {
  op: 'scaleShift'
  input: number
  scale: number
  shift: number
  output: number
  rows: number
  channels: number
  activation: Activation
}

/** Sum, mean, maximum or minimum of `[outer, length, inner]` along the middle axis. */
export interface Reduce {
  op: 'reduce'
  kind: ReduceKind
  input: number
  /** `[outer, inner]`. */
  output: number
  outer: number
  length: number
  inner: number
}

/** Softmax of `[outer, length, inner]` along the middle axis, or its logarithm. */
export interface Softmax {
  op: 'softmax'
  input: number
  /** Laid out like the input; may be the same buffer. */
  output: number
  outer: number
  length: number
  inner: number
}

/** Softmax of `[outer, length, inner]` along the middle axis, or its logarithm. */
export interface LogSoftmax {
  op: 'logSoftmax'
  input: number
  /** Laid out like the input; may be the same buffer. */
  output: number
  outer: number
  length: number
  inner: number
}

/**
 * Index of the largest value of `[outer, length, inner]` along the middle axis, the first of equals; a NaN counts
 * as the largest.
 */
export interface Argmax {
  op: 'argmax'
  input: number
  /** `[outer, inner]`. */
  output: number
  outer: number
  length: number
  inner: number
}

/** `output[i] = sum over terms of weights[k] * inputs[k][i]`, in one pass: the building block of optimisers. */
export interface WeightedSum {
  op: 'weightedSum'
  /** The terms; 0 means no term. The output may be one of them. */
  inputs: readonly number[]
  /** One value for each term, read when the sum is computed. */
  weights: number
  output: number
  count: number
}

/** Every channel's mean, in two parts, and sum of squared deviations for each block of rows of `[rows, channels]`. */
export interface BlockMoments {
  op: 'blockMoments'
  input: number
  /** `[blocks, 3, channels]`. */
  partials: number
  rows: number
  channels: number
  /** Rows in a block; the last block may have fewer. */
  block: number
}

/** Mean and biased variance of every channel from those of the blocks (Chan, Golub and LeVeque 1979). */
export interface Moments {
  op: 'moments'
  /** Written by `blockMoments`. */
  partials: number
  /** `[2, channels]`: means, then variances. */
  output: number
  rows: number
  channels: number
  block: number
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of `[rows, channels]` with given moments:
 * `activation((input - mean) / sqrt(variance + epsilon) * gamma + beta + residual)`.
 */
export interface Normalize {
  op: 'normalize'
  input: number
  /** `[2, channels]`: means, then variances. */
  moments: number
  gamma: number
  beta: number
  /** Laid out like the output; 0 for none. */
  residual: number
  output: number
  rows: number
  channels: number
  epsilon: number
  activation: Activation
}

/**
 * For each block of rows, every channel's sum of the gradient (for `beta`) and of the gradient times the
 * normalised input (for `gamma`).
 */
export interface NormalizeSums {
  op: 'normalizeSums'
  gradient: number
  input: number
  /** `[2, channels]`: means, then variances. */
  moments: number
  /** Output of the normalisation and its ReLU: the gradient counts only where it is positive. 0 for none. */
  gate: number
  /** `[blocks, 2, channels]`, to be added up. */
  partials: number
  rows: number
  channels: number
  /** Rows in a block; the last block may have fewer. */
  block: number
  epsilon: number
}

/**
 * The gradient of a normalisation's input, including the path through the moments of its batch:
 * `gamma / deviation * (gradient - sums[0] / rows - normalised input * sums[1] / rows)`.
 */
export interface NormalizeGradient {
  op: 'normalizeGradient'
  /** The output may be the same buffer. */
  gradient: number
  input: number
  /** `[2, channels]`: means, then variances. */
  moments: number
  gamma: number
  /** `[2, channels]`, the totals of the sums from `normalizeSums`. */
  sums: number
  /** As for `normalizeSums`. */
  gate: number
  output: number
  rows: number
  channels: number
  epsilon: number
}

/** The gradient of a pooling's input, written to `output`; `input` is the pooling's, which only a maximum reads. */
export interface Pool2dGradient {
  op: 'pool2dGradient'
  /** Laid out like the pooling's output. */
  gradient: number
  kind: PoolKind
  input: number
  output: number
  batch: number
  height: number
  width: number
  channels: number
  outputHeight: number
  outputWidth: number
  kernel: readonly number[]
  stride: readonly number[]
  padding: readonly number[]
}

/**
 * The gradient of a convolution's weights: for every tap, the sum over pixels of the tap's input times the
 * gradient of the output.
 *
 * Pixels are cut into segments, by shape alone. Their sums lie next to each other; `sumWeights` adds them up.
 */
export interface WeightGradient {
  op: 'weightGradient'
  input: number
  /** The gradient of the output. */
  gradient: number
  /** `[segments, groups, panels, taps, depth, 8]`. */
  partials: number
  segments: number
  batch: number
  height: number
  width: number
  outputHeight: number
  outputWidth: number
  groups: number
  /** Output channels of a group. */
  columns: number
  /** Input channels of a group. */
  depth: number
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  /**
   * Padding rows above and columns to the left, cropped if negative; the padding below and to the right follows
   * from the sizes.
   */
  padding: readonly number[]
}

/** The gradient of the weights, from the sums of its segments. */
export interface SumWeights {
  op: 'sumWeights'
  /** Written by `weightGradient`. */
  partials: number
  /** `[groups * columns, depth, taps]`, PyTorch's order of weights. */
  output: number
  segments: number
  groups: number
  columns: number
  depth: number
  taps: number
}

/**
 * Transforms the pieces `first .. first + count` of a convolution's input, or of its output's gradient, into a plane
 * for each point.
 */
export interface WinogradFactor {
  op: 'winogradFactor'
  factor: Factor
  /** `[batch, height, width, channels]`. */
  source: number
  transformed: number
  /** Height of the images; width and channels are theirs too. */
  height: number
  width: number
  channels: number
  /** Padding rows above and columns to the left, cropped if negative; none around gradients. */
  padding: readonly number[]
  /** Pieces of an image, down and across. */
  pieces: readonly number[]
  /** The first piece, counted through all images. */
  first: number
  count: number
}

/** For each point, the sum of outer products over some transformed pieces, added to the sum over earlier pieces. */
export interface WinogradProducts {
  op: 'winogradProducts'
  /** Written by `winogradFactor`, as are the gradients. */
  inputs: number
  gradients: number
  /** `[point][panel][channel][8]`. */
  sums: number
  channels: number
  columns: number
  /** Pieces before these. */
  first: number
  count: number
}

/** The gradient of the weights, from the sums over all pieces. */
export interface WinogradTaps {
  op: 'winogradTaps'
  sums: number
  /** `[columns, channels, 3, 3]`. */
  output: number
  channels: number
  columns: number
}

export type Instruction = PackPanels | Conv2d | WinogradWeights | WinogradInput | WinogradOutput | Pool2d | Copy | Fill | Unary | Binary | ScaleShift | Reduce | Softmax | LogSoftmax | Argmax | WeightedSum | BlockMoments | Moments | Normalize | NormalizeSums | NormalizeGradient | Pool2dGradient | WeightGradient | SumWeights | WinogradFactor | WinogradProducts | WinogradTaps

/**
 * Fields of each instruction in order: what a word holds (an offset is a size that may be negative), or each of
 * so many words, or whose index among names it is.
 */
export const INSTRUCTIONS = {
  packPanels: {
    source: 'address',
    packed: 'address',
    groups: 'size',
    columns: 'size',
    taps: { each: 'size', count: 2 },
    depth: 'size',
    groupStride: 'size',
    columnStride: 'size',
    tapStrides: { each: 'offset', count: 2 },
    depthStride: 'size',
  },
  conv2d: {
    input: 'address',
    weights: 'address',
    output: 'address',
    zeros: 'address',
    bias: 'address',
    residual: 'address',
    activation: Activation,
    batch: 'size',
    height: 'size',
    width: 'size',
    outputHeight: 'size',
    outputWidth: 'size',
    groups: 'size',
    columns: 'size',
    depth: 'size',
    kernel: { each: 'size', count: 2 },
    stride: { each: 'size', count: 2 },
    dilation: { each: 'size', count: 2 },
    padding: { each: 'offset', count: 2 },
    pixelStride: 'size',
    scratch: 'address',
    scratchFloats: 'size',
  },
  winogradWeights: {
    filtering: Filtering,
    source: 'address',
    packed: 'address',
    channels: 'size',
    columns: 'size',
    columnStride: 'size',
    channelStride: 'size',
    tapStrides: { each: 'offset', count: 2 },
  },
  winogradInput: {
    filtering: Filtering,
    input: 'address',
    transformed: 'address',
    height: 'size',
    width: 'size',
    channels: 'size',
    padding: { each: 'offset', count: 2 },
    pieces: { each: 'size', count: 2 },
    first: 'size',
    count: 'size',
  },
  winogradOutput: {
    filtering: Filtering,
    form: WeightForm,
    transformed: 'address',
    weights: 'address',
    bias: 'address',
    residual: 'address',
    activation: Activation,
    output: 'address',
    height: 'size',
    width: 'size',
    channels: 'size',
    columns: 'size',
    pieces: { each: 'size', count: 2 },
    first: 'size',
    count: 'size',
    scratch: 'address',
    scratchFloats: 'size',
  },
  pool2d: {
    kind: PoolKind,
    input: 'address',
    output: 'address',
    batch: 'size',
    height: 'size',
    width: 'size',
    channels: 'size',
    outputHeight: 'size',
    outputWidth: 'size',
    kernel: { each: 'size', count: 2 },
    stride: { each: 'size', count: 2 },
    padding: { each: 'size', count: 2 },
  },
  copy: {
    input: 'address',
    output: 'address',
    sizes: { each: 'size', count: 6 },
    inputStrides: { each: 'size', count: 6 },
    outputStrides: { each: 'size', count: 6 },
  },
  fill: {
    output: 'address',
    count: 'size',
    value: 'float',
  },
  unary: {
    kind: UnaryKind,
    input: 'address',
    output: 'address',
    count: 'size',
  },
  binary: {
    kind: BinaryKind,
    a: 'address',
    b: 'address',
    output: 'address',
    sizes: { each: 'size', count: 6 },
    aStrides: { each: 'size', count: 6 },
    bStrides: { each: 'size', count: 6 },
  },
  scaleShift: {
    input: 'address',
    scale: 'address',
    shift: 'address',
    output: 'address',
    rows: 'size',
    channels: 'size',
    activation: Activation,
  },
  reduce: {
    kind: ReduceKind,
    input: 'address',
    output: 'address',
    outer: 'size',
    length: 'size',
    inner: 'size',
  },
  softmax: {
    input: 'address',
    output: 'address',
    outer: 'size',
    length: 'size',
    inner: 'size',
  },
  logSoftmax: {
    input: 'address',
    output: 'address',
    outer: 'size',
    length: 'size',
    inner: 'size',
  },
  argmax: {
    input: 'address',
    output: 'address',
    outer: 'size',
    length: 'size',
    inner: 'size',
  },
  weightedSum: {
    inputs: { each: 'address', count: 4 },
    weights: 'address',
    output: 'address',
    count: 'size',
  },
  blockMoments: {
    input: 'address',
    partials: 'address',
    rows: 'size',
    channels: 'size',
    block: 'size',
  },
  moments: {
    partials: 'address',
    output: 'address',
    rows: 'size',
    channels: 'size',
    block: 'size',
  },
  normalize: {
    input: 'address',
    moments: 'address',
    gamma: 'address',
    beta: 'address',
    residual: 'address',
    output: 'address',
    rows: 'size',
    channels: 'size',
    epsilon: 'float',
    activation: Activation,
  },
  normalizeSums: {
    gradient: 'address',
    input: 'address',
    moments: 'address',
    gate: 'address',
    partials: 'address',
    rows: 'size',
    channels: 'size',
    block: 'size',
    epsilon: 'float',
  },
  normalizeGradient: {
    gradient: 'address',
    input: 'address',
    moments: 'address',
    gamma: 'address',
    sums: 'address',
    gate: 'address',
    output: 'address',
    rows: 'size',
    channels: 'size',
    epsilon: 'float',
  },
  pool2dGradient: {
    gradient: 'address',
    kind: PoolKind,
    input: 'address',
    output: 'address',
    batch: 'size',
    height: 'size',
    width: 'size',
    channels: 'size',
    outputHeight: 'size',
    outputWidth: 'size',
    kernel: { each: 'size', count: 2 },
    stride: { each: 'size', count: 2 },
    padding: { each: 'size', count: 2 },
  },
  weightGradient: {
    input: 'address',
    gradient: 'address',
    partials: 'address',
    segments: 'size',
    batch: 'size',
    height: 'size',
    width: 'size',
    outputHeight: 'size',
    outputWidth: 'size',
    groups: 'size',
    columns: 'size',
    depth: 'size',
    kernel: { each: 'size', count: 2 },
    stride: { each: 'size', count: 2 },
    dilation: { each: 'size', count: 2 },
    padding: { each: 'offset', count: 2 },
  },
  sumWeights: {
    partials: 'address',
    output: 'address',
    segments: 'size',
    groups: 'size',
    columns: 'size',
    depth: 'size',
    taps: 'size',
  },
  winogradFactor: {
    factor: Factor,
    source: 'address',
    transformed: 'address',
    height: 'size',
    width: 'size',
    channels: 'size',
    padding: { each: 'offset', count: 2 },
    pieces: { each: 'size', count: 2 },
    first: 'size',
    count: 'size',
  },
  winogradProducts: {
    inputs: 'address',
    gradients: 'address',
    sums: 'address',
    channels: 'size',
    columns: 'size',
    first: 'size',
    count: 'size',
  },
  winogradTaps: {
    sums: 'address',
    output: 'address',
    channels: 'size',
    columns: 'size',
  },
} as const
