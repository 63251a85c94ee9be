import {
  avgPool2d,
  batchNorm,
  type Computation,
  concat,
  conv2d,
  globalAvgPool,
  input,
  matmul,
  maxPool2d,
  parameter,
  type Shape,
  type Tensor,
} from '../../src/index.ts'
import { binary } from '../../src/ops/binary.ts'
import { reduce } from '../../src/ops/reduce.ts'
import { unary } from '../../src/ops/unary.ts'
import { sizeOf } from '../../src/shape.ts'
import { type Options, type Range, type Row, rows } from './rows.ts'

/** A single operation, run on every backend. */
export interface Case {
  readonly name: string
  readonly computation: Computation
  /** Values of the inputs, by name. */
  readonly inputs: Readonly<Record<string, Float32Array>>
  /** How many products or terms are summed into one element of the output; 1 when nothing is summed. */
  readonly accumulation: number
}

/** Positions of the inputs that are weights, known when compiling, unless the row says otherwise; and every bias. */
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
  return op === 'reduce' || op === 'softmax' || op === 'logSoftmax' ? sizeOf(x) : 1
}

/**
 * The values that the cases and the PyTorch script both use: exact in float32 and far from one another's neighbours.
 * @param seed number of the input
 */
function valuesOf(shape: Shape, seed: number, range: Range = 'signed'): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const level = (i * 7919 + seed * 104729 + ((i * i) % 1009) * 31) % 2048
    if (range === 'ties') return level % 5
    const signed = level / 1024 - 1
    if (range === 'signed') return signed
    return range === 'positive' ? Math.abs(signed) + 0.125 : -Math.abs(signed) - 0.125
  })
}

function shapeOf(text: string): number[] {
  return text === '' ? [] : text.split('x').map(Number)
}

function nameOf({ op, inputs, options }: Row): string {
  return `${op} ${inputs.join(' ')}${options ? ` ${JSON.stringify(options).replaceAll('"', '')}` : ''}`
}

function caseOf(row: Row): Case {
  const { op, options = {} } = row
  const shapes = row.inputs.map(shapeOf)
  const known = options.weights ?? weights[op] ?? []
  const isParameter = (i: number) => known.includes(i) || (options.bias === true && i === 2)
  const tensors = shapes.map((shape, i) => (isParameter(i) ? parameter(`${i}`, shape) : input(`${i}`, shape)))
  const values = shapes.map((shape, i) =>
    valuesOf(shape, i, op === 'batchNorm' && i === 4 ? 'positive' : options.range),
  )
  const entries = values.map((data, i) => [`${i}`, data] as const)
  return {
    name: nameOf(row),
    computation: {
      outputs: { y: build[op](tensors, options) },
      parameters: new Map(entries.filter((_, i) => isParameter(i))),
    },
    inputs: Object.fromEntries(entries.filter((_, i) => !isParameter(i))),
    accumulation: Math.max(1, accumulation(row)),
  }
}

export const cases: readonly Case[] = rows.map(caseOf)

/**
 * Largest difference that an element may have from the exact one, for sums of `accumulation` terms whose results are
 * at most `largest`: half a unit in the last place for each rounding, one rounding for each term, and 8 for the
 * functions that are approximated (exp and its kin) and the epilogue.
 */
export function tolerance(accumulation: number, largest: number): number {
  return (8 + accumulation) * 2 ** -24 * Math.max(1, largest)
}
