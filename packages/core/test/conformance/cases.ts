import {
  avgPool2d,
  batchNorm,
  broadcast,
  type Computation,
  concat,
  constant,
  conv2d,
  globalAvgPool,
  grad,
  input,
  matmul,
  maxPool2d,
  moments,
  normalize,
  parameter,
  type Shape,
  type Tensor,
  weightedSum,
} from '../../src/index.ts'
import { binary } from '../../src/ops/binary.ts'
import { reduce } from '../../src/ops/reduce.ts'
import { spread } from '../../src/ops/spread.ts'
import { unary } from '../../src/ops/unary.ts'
import { sizeOf } from '../../src/shape.ts'
import type { Options, Range, Row } from './row.ts'
import { rows } from './rows.ts'

/** A single operation, run on every backend. */
export interface Case {
  readonly name: string
  readonly computation: Computation
  /** Values of the inputs, by name. */
  readonly inputs: Readonly<Record<string, Float32Array>>
  /** The gradients of a weighted sum of the output with respect to every input; none if the output is of integers. */
  readonly gradients: Computation
  /** Values of all inputs, by name; the computation of the gradients has no constants. */
  readonly values: Readonly<Record<string, Float32Array>>
  /** How many products or terms are summed into one element of the output; 1 when nothing is summed. */
  readonly accumulation: number
}

/** Positions of the inputs that are known when compiling, unless the row says otherwise. Every bias is known too. */
const weights: Partial<Record<Row['op'], number[]>> = { conv2d: [1], batchNorm: [1, 2, 3, 4] }

const build: Record<Row['op'], (inputs: Tensor[], options: Options) => Tensor> = {
  conv2d: ([x, w, ...rest], { bias, ...options }) => withEpilogue(conv2d(x, w, options), rest, { bias, ...options }),
  matmul: ([a, b, ...rest], options) => withEpilogue(matmul(a, b, options), rest, options),
  unary: ([x], { kind }) => unary(kind as Parameters<typeof unary>[0], x),
  binary: ([a, b], { kind }) => binary(kind as Parameters<typeof binary>[0], a, b),
  batchNorm: ([x, gamma, beta, mean, variance], { relu }) => {
    const y = batchNorm(x, { gamma, beta, mean, variance })
    return relu ? y.relu() : y
  },
  maxPool2d: ([x], options) => maxPool2d(x, { ...options, kernel: options.kernel! }),
  avgPool2d: ([x], options) => avgPool2d(x, { ...options, kernel: options.kernel! }),
  globalAvgPool: ([x]) => globalAvgPool(x),
  pad: ([x], { widths, value }) => x.pad(widths!, value),
  slice: ([x], { begin, end, step }) => x.slice(begin!, end!, step),
  concat: (tensors, { axis }) => concat(tensors, axis!),
  reshape: ([x], { shape }) => x.reshape(shape!),
  softmax: ([x], { axis }) => x.softmax(axis),
  logSoftmax: ([x], { axis }) => x.logSoftmax(axis),
  reduce: ([x], { kind, axes, keepDims }) => reduce(kind as Parameters<typeof reduce>[0], x, axes, keepDims),
  argmax: ([x], { axis }) => x.argmax(axis),
  broadcast: ([x], { shape }) => broadcast(x, shape!),
  spread: ([x], { shape, begin, step }) => spread(x, shape!, begin!, step!),
  weightedSum: ([factors, ...terms]) => weightedSum(terms, factors),
  moments: ([x]) => moments(x),
  normalize: ([x, gamma, beta, ...residual], { relu }) => {
    const normalized = normalize(x, moments(x), { gamma, beta })
    const y = residual.length > 0 ? normalized.add(residual[0]) : normalized
    return relu ? y.relu() : y
  },
}

/** `rest` is a bias and a residual, if the row has them; the ReLU comes last. */
function withEpilogue(product: Tensor, rest: Tensor[], { bias, residual, relu }: Options): Tensor {
  let y = product
  if (bias) y = y.add(rest[0])
  if (residual) y = y.add(rest[rest.length - 1])
  return relu ? y.relu() : y
}

function accumulation({ op, inputs, options = {} }: Row): number {
  const [x, w] = inputs.map(shapeOf)
  if (op === 'conv2d') return w[1] * w[2] * w[3]
  if (op === 'matmul') return x[options.transposeA ? 0 : 1]
  if (op === 'avgPool2d') return [options.kernel!].flat().reduce((product, extent) => product * extent, 1) ** 2
  if (op === 'globalAvgPool') return x[1] * x[2]
  if (op === 'weightedSum') return 4
  if (op === 'moments' || op === 'normalize') return sizeOf(x) / x[x.length - 1]
  return op === 'reduce' || op === 'softmax' || op === 'logSoftmax' ? sizeOf(x) : 1
}

/**
 * The values that both the cases and the PyTorch script use: exact in float32, with neighbours far apart.
 * @param seed index of the input
 */
function valuesOf(shape: Shape, seed: number, range: Range = 'signed'): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    if (range === 'ties') return levelOf(i, seed) % 5
    const value = signed(i, seed)
    if (range === 'signed') return value
    return range === 'positive' ? Math.abs(value) + 0.125 : -Math.abs(value) - 0.125
  })
}

function levelOf(i: number, seed: number): number {
  return (i * 7919 + seed * 104729 + ((i * i) % 1009) * 31) % 2048
}

function signed(i: number, seed: number): number {
  return levelOf(i, seed) / 1024 - 1
}

function shapeOf(text: string): number[] {
  return text === '' ? [] : text.split('x').map(Number)
}

function nameOf({ op, inputs, options }: Row): string {
  return `${op} ${inputs.join(' ')}${options ? ` ${JSON.stringify(options).replaceAll('"', '')}` : ''}`
}

/** Turns a row into a computation, with its values and gradients. */
export function caseOf(row: Row): Case {
  const { op, options = {} } = row
  const shapes = row.inputs.map(shapeOf)
  const known = options.weights ?? weights[op] ?? []
  const isParameter = (i: number) => known.includes(i) || (options.bias === true && i === 2)
  const tensors = shapes.map((shape, i) => (isParameter(i) ? parameter(`${i}`, shape) : input(`${i}`, shape)))
  const values = shapes.map((shape, i) =>
    valuesOf(shape, i, op === 'batchNorm' && i === 4 ? 'positive' : options.range),
  )
  const entries = values.map((data, i) => [`${i}`, data] as const)
  const all = shapes.map((shape, i) => input(`${i}`, shape))
  return {
    name: nameOf(row),
    gradients: { outputs: gradientsOf(build[op](all, options), all) },
    values: Object.fromEntries(entries),
    computation: {
      outputs: { y: build[op](tensors, options) },
      parameters: new Map(entries.filter((_, i) => isParameter(i))),
    },
    inputs: Object.fromEntries(entries.filter((_, i) => !isParameter(i))),
    accumulation: Math.max(1, accumulation(row)),
  }
}

/** Seed of the loss's weights; no row has this many inputs. */
const LOSS_SEED = 9

/** The loss's weight of element i of an output. */
export function weightOfLoss(i: number): number {
  return signed(i, LOSS_SEED)
}

function gradientsOf(y: Tensor, inputs: readonly Tensor[]): Record<string, Tensor> {
  if (y.dtype !== 'f32') return {}
  const loss = y.mul(constant(valuesOf(y.shape, LOSS_SEED), y.shape)).sum()
  return Object.fromEntries(grad(loss, inputs).map((gradient, i) => [`${i}`, gradient]))
}

export const cases: readonly Case[] = rows.map(caseOf)

/**
 * The largest allowed difference of an element from the exact one, for sums of `accumulation` terms whose results are
 * at most `largest`: half a unit in the last place for each rounding, with one rounding for each term and 8 for
 * approximated functions (such as exp) and the epilogue.
 */
export function tolerance(accumulation: number, largest: number): number {
  return (8 + accumulation) * 2 ** -24 * Math.max(1, largest)
}
