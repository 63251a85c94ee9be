import type { OpName, Tensor } from '@residual/core'

/** The kinds of boxes, which decide their colours. */
export type Kind =
  | 'input'
  | 'convolution'
  | 'linear'
  | 'normalisation'
  | 'activation'
  | 'pooling'
  | 'sum'
  | 'shape'
  | 'other'

/** The kinds in the order of the legend, with their names and hues; kinds without a hue are neutral. */
export const KINDS: Readonly<Record<Kind, { readonly name: string; readonly hue?: number }>> = {
  input: { name: 'Input' },
  convolution: { name: 'Convolution', hue: 0 },
  linear: { name: 'Linear', hue: 5 },
  normalisation: { name: 'Normalisation', hue: 3 },
  activation: { name: 'Activation', hue: 7 },
  pooling: { name: 'Pooling', hue: 4 },
  sum: { name: 'Sum', hue: 2 },
  shape: { name: 'Change of shape', hue: 6 },
  other: { name: 'Other' },
}

/** All other operations are `other`. */
const kinds: Readonly<Partial<Record<OpName, Kind>>> = {
  input: 'input',

  conv2d: 'convolution',
  matmul: 'linear',
  unary: 'activation',
  batchNorm: 'normalisation',
  scaleShift: 'normalisation',
  maxPool2d: 'pooling',
  avgPool2d: 'pooling',
  globalAvgPool: 'pooling',
  pad: 'shape',
  slice: 'shape',
  concat: 'shape',
  reshape: 'shape',
  softmax: 'activation',
  logSoftmax: 'activation',
  reduce: 'pooling',
  argmax: 'pooling',
  broadcast: 'shape',
  spread: 'shape',
  weightedSum: 'sum',
  conv2dInputGradient: 'convolution',
  conv2dWeightGradient: 'convolution',
  maxPool2dGradient: 'pooling',
  avgPool2dGradient: 'pooling',
  moments: 'normalisation',
  normalize: 'normalisation',
  normalizeSums: 'normalisation',
  normalizeGradient: 'normalisation',
}

export function kindOf(node: Tensor): Kind {
  return node.is('binary') && node.attributes.kind === 'add' ? 'sum' : (kinds[node.op] ?? 'other')
}

const square = ([a, b]: readonly [number, number]): string => `${a}×${b}`

const strideOf = ([a, b]: readonly [number, number]): string[] =>
  a === 1 && b === 1 ? [] : [a === b ? `/${a}` : `/${a}×${b}`]

/** `56 × 56 × 64`: the shape for one image of the batch. */
export const shapeText = (shape: readonly number[]): string => shape.slice(1).join(' × ') || '1'

/** The text in a box, as in the papers' figures: `3×3 conv`, then `64, /2`. */
export function linesOf(node: Tensor): string[] {
  if (node.is('input')) return ['input', shapeText(node.shape).replaceAll(' ', '')]
  if (node.is('conv2d')) {
    const { stride, dilation, groups } = node.attributes
    const [outputs, , height, width] = node.inputs[1].shape
    const isDilated = dilation[0] > 1 || dilation[1] > 1
    const numbers = [
      String(outputs),
      ...(groups > 1 ? [`C=${groups}`] : []),
      ...strideOf(stride),
      ...(isDilated ? [`d=${dilation[0]}`] : []),
    ]
    return [`${square([height, width])} conv`, numbers.join(', ')]
  }
  if (node.is('matmul')) return ['linear', String(node.shape[node.shape.length - 1])]
  if (node.is('maxPool2d') || node.is('avgPool2d')) {
    const { kernel, stride } = node.attributes
    return [`${square(kernel)} ${node.is('maxPool2d') ? 'max' : 'avg'}`, ['pool', ...strideOf(stride)].join(', ')]
  }
  if (node.is('globalAvgPool')) return ['global', 'avg pool']
  if (node.is('slice')) return subsampling(node) > 1 ? ['subsample', `/${subsampling(node)}`] : ['slice']
  return [tailOf(node)]
}

/** Names of operations that are listed after the first in a box: `BN`, `ReLU`. */
const tails: Readonly<Record<string, string>> = {
  batchNorm: 'BN',
  scaleShift: 'BN',
  normalize: 'BN',
  relu: 'ReLU',
  silu: 'SiLU',
  add: '+',
  sub: '−',
  mul: '×',
  div: '÷',
  globalAvgPool: 'global avg pool',
  pad: 'zero-pad',
}

const subsampling = (node: Tensor<'slice'>): number => Math.max(...node.attributes.step)

/** A short name for an operation. */
export function tailOf(node: Tensor): string {
  const name = node.is('unary') || node.is('binary') || node.is('reduce') ? node.attributes.kind : node.op
  return Object.hasOwn(tails, name) ? tails[name] : name
}

/** Operations that passes fused into this node: the sum with a residual, the ReLU. */
export function epilogueOf(node: Tensor): string[] {
  const attributes: object = node.attributes
  return [
    ...('residual' in attributes && attributes.residual ? ['+'] : []),
    ...('activation' in attributes && attributes.activation === 'relu' ? ['ReLU'] : []),
  ]
}
