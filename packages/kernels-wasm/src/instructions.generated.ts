// Generated from crates/program/src/instructions.rs by `cargo run -p program --example typescript`.

export const Activation = ['none', 'relu'] as const
export type Activation = (typeof Activation)[number]

export const BinaryKind = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'gate'] as const
export type BinaryKind = (typeof BinaryKind)[number]

export const Factor = ['input', 'gradient'] as const
export type Factor = (typeof Factor)[number]

export const Filtering = ['F2', 'F4'] as const
export type Filtering = (typeof Filtering)[number]

export const PoolKind = ['max', 'average', 'averageWithPadding'] as const
export type PoolKind = (typeof PoolKind)[number]

export const ReduceKind = ['sum', 'mean', 'max', 'min'] as const
export type ReduceKind = (typeof ReduceKind)[number]

export const UnaryKind = ['relu', 'neg', 'abs', 'exp', 'log', 'sqrt', 'square', 'reciprocal', 'sigmoid', 'tanh'] as const
export type UnaryKind = (typeof UnaryKind)[number]

export const WeightForm = ['transformed', 'panels'] as const
export type WeightForm = (typeof WeightForm)[number]

/** Packs a matrix or convolution weights into panels of 8 columns. */
export interface PackPanels {
  op: 'packPanels'
  source: number
  packed: number
  groups: number
  columns: number
  taps: readonly number[]
  depth: number
  groupStride: number
  columnStride: number
  tapStrides: readonly number[]
  depthStride: number
}

/** Convolution of packed weights with bias, residual and activation; a matrix product is one of 1x1.
 * `bias` and `residual` may be 0; `zeros` points to at least `pixel_stride` zeros. Each thread has
 * `scratch_floats` of the scratch to itself. */
export interface Conv2d {
  op: 'conv2d'
  input: number
  weights: number
  bias: number
  residual: number
  output: number
  zeros: number
  activation: Activation
  batch: number
  height: number
  width: number
  pixelStride: number
  outputHeight: number
  outputWidth: number
  groups: number
  columns: number
  depth: number
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  padding: readonly number[]
  scratch: number
  scratchFloats: number
}

/** Transforms 3x3 weights for one of Winograd's filterings and packs a set of panels for each of its points. */
export interface WinogradWeights {
  op: 'winogradWeights'
  filtering: Filtering
  source: number
  packed: number
  channels: number
  columns: number
  columnStride: number
  channelStride: number
  tapStrides: readonly number[]
}

/** Transforms the pieces `first .. first + count` of the input into a plane for each point. */
export interface WinogradInput {
  op: 'winogradInput'
  filtering: Filtering
  input: number
  transformed: number
  height: number
  width: number
  channels: number
  padding: readonly number[]
  pieces: readonly number[]
  first: number
  count: number
}

/** Multiplies transformed pieces and weights, transforms back and applies bias, residual and activation. */
export interface WinogradOutput {
  op: 'winogradOutput'
  filtering: Filtering
  form: WeightForm
  transformed: number
  weights: number
  bias: number
  residual: number
  output: number
  activation: Activation
  height: number
  width: number
  channels: number
  columns: number
  pieces: readonly number[]
  first: number
  count: number
  scratch: number
  scratchFloats: number
}

/** Max or average pooling. */
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

/** Copies a strided block of 4-byte elements. */
export interface Copy {
  op: 'copy'
  input: number
  output: number
  sizes: readonly number[]
  inputStrides: readonly number[]
  outputStrides: readonly number[]
}

/** Sets every element to one value. */
export interface Fill {
  op: 'fill'
  output: number
  count: number
  value: number
}

/** An elementwise operation of one operand. */
export interface Unary {
  op: 'unary'
  kind: UnaryKind
  input: number
  output: number
  count: number
}

/** An elementwise operation of two operands; a broadcast dimension has stride 0, the innermost strides are 0 or 1. */
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

/** `activation(input * scale + shift)` with one scale and shift a channel. */
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
  output: number
  outer: number
  length: number
  inner: number
}

/** Softmax of `[outer, length, inner]` along the middle axis. */
export interface Softmax {
  op: 'softmax'
  input: number
  output: number
  outer: number
  length: number
  inner: number
}

/** Logarithm of the softmax of `[outer, length, inner]` along the middle axis. */
export interface LogSoftmax {
  op: 'logSoftmax'
  input: number
  output: number
  outer: number
  length: number
  inner: number
}

/** Index (i32) of the largest value of `[outer, length, inner]` along the middle axis. */
export interface Argmax {
  op: 'argmax'
  input: number
  output: number
  outer: number
  length: number
  inner: number
}

/** `output[i] = sum of weights[k] * inputs[k][i]`; `weights` are 4 floats in memory. Inputs may be 0 (none), and one
 * of them may be the output. */
export interface WeightedSum {
  op: 'weightedSum'
  inputs: readonly number[]
  weights: number
  output: number
  count: number
}

/** Mean, in two parts, and sum of squared deviations of every channel of each block of rows: `[blocks, 3, channels]`. */
export interface BlockMoments {
  op: 'blockMoments'
  input: number
  partials: number
  rows: number
  channels: number
  block: number
}

/** Mean and biased variance, `[2, channels]`, from those of the blocks. */
export interface Moments {
  op: 'moments'
  partials: number
  output: number
  rows: number
  channels: number
  block: number
}

/** `activation((input - mean) / sqrt(variance + epsilon) * gamma + beta + residual)`; `moments` are means, then
 * variances; `residual` may be 0. */
export interface Normalize {
  op: 'normalize'
  input: number
  moments: number
  gamma: number
  beta: number
  residual: number
  output: number
  rows: number
  channels: number
  epsilon: number
  activation: Activation
}

/** For each block of rows, every channel's sum of the gradient and of the gradient times the normalised input:
 * `[blocks, 2, channels]`. The gradient counts where `gate > 0`; `gate` may be 0 (none). */
export interface NormalizeSums {
  op: 'normalizeSums'
  gradient: number
  input: number
  moments: number
  gate: number
  partials: number
  rows: number
  channels: number
  block: number
  epsilon: number
}

/** The gradient of a normalisation's input, through the moments too; `sums` is the total of the blocks' sums, `gate`
 * as there. The output may be the gradient's buffer. */
export interface NormalizeGradient {
  op: 'normalizeGradient'
  gradient: number
  input: number
  moments: number
  gamma: number
  sums: number
  gate: number
  output: number
  rows: number
  channels: number
  epsilon: number
}

/** The gradient of a pooling's input, which only a maximum reads; the other fields are the pooling's. */
export interface Pool2dGradient {
  op: 'pool2dGradient'
  kind: PoolKind
  gradient: number
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

/** Gradient of a convolution's weights, from its input and its output's gradient, for each of some segments of the
 * pixels: `[segments, groups, panels, taps, depth, 8]`. The other fields are the convolution's. */
export interface WeightGradient {
  op: 'weightGradient'
  input: number
  gradient: number
  partials: number
  segments: number
  batch: number
  height: number
  width: number
  outputHeight: number
  outputWidth: number
  groups: number
  columns: number
  depth: number
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  padding: readonly number[]
}

/** The weights' gradient, `[groups * columns, depth, taps]`, from those of the segments. */
export interface SumWeights {
  op: 'sumWeights'
  partials: number
  output: number
  segments: number
  groups: number
  columns: number
  depth: number
  taps: number
}

/** Transforms the pieces `first .. first + count` of a convolution's input or of its output's gradient into a plane
 * for each of the 36 points; the gradient's channels lie in panels of 8. */
export interface WinogradFactor {
  op: 'winogradFactor'
  factor: Factor
  source: number
  transformed: number
  height: number
  width: number
  channels: number
  padding: readonly number[]
  pieces: readonly number[]
  first: number
  count: number
}

/** Sums of the outer products of `count` transformed pieces, added to those of the `first` before them. */
export interface WinogradProducts {
  op: 'winogradProducts'
  inputs: number
  gradients: number
  sums: number
  channels: number
  columns: number
  first: number
  count: number
}

/** Transforms sums of products back to the gradient of 3x3 weights, `[columns, channels, 3, 3]`. */
export interface WinogradTaps {
  op: 'winogradTaps'
  sums: number
  output: number
  channels: number
  columns: number
}

export type Instruction = PackPanels | Conv2d | WinogradWeights | WinogradInput | WinogradOutput | Pool2d | Copy | Fill | Unary | Binary | ScaleShift | Reduce | Softmax | LogSoftmax | Argmax | WeightedSum | BlockMoments | Moments | Normalize | NormalizeSums | NormalizeGradient | Pool2dGradient | WeightGradient | SumWeights | WinogradFactor | WinogradProducts | WinogradTaps

/**
 * Fields of each instruction in order: what a word holds (an offset is a size that may be negative), or each of so many
 * words, or whose index among names it is.
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
    bias: 'address',
    residual: 'address',
    output: 'address',
    zeros: 'address',
    activation: Activation,
    batch: 'size',
    height: 'size',
    width: 'size',
    pixelStride: 'size',
    outputHeight: 'size',
    outputWidth: 'size',
    groups: 'size',
    columns: 'size',
    depth: 'size',
    kernel: { each: 'size', count: 2 },
    stride: { each: 'size', count: 2 },
    dilation: { each: 'size', count: 2 },
    padding: { each: 'offset', count: 2 },
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
    output: 'address',
    activation: Activation,
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
    kind: PoolKind,
    gradient: 'address',
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
