import { describe, expect, test } from 'vitest'
import { Tensor } from '../src/graph/tensor.ts'
import {
  avgPool2d,
  batchNorm,
  concat,
  constant,
  conv2d,
  globalAvgPool,
  input,
  linear,
  maxPool2d,
  parameter,
  ShapeError,
} from '../src/index.ts'
import { conv2dOperation } from '../src/ops/conv2d/index.ts'
import { matmulOperation } from '../src/ops/matmul.ts'
import { scaleShiftOperation } from '../src/ops/scale-shift.ts'

const x = (...shape: number[]) => input('x', shape)
const w = (...shape: number[]) => parameter('w', shape)
const statistics = { gamma: w(3), beta: w(3), mean: w(3), variance: w(3) }
const epilogue = { bias: false, residual: false, activation: 'none' } as const
const convolution = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1, ...epilogue } as const
const product = { transposeA: false, transposeB: false, ...epilogue }

const calls: readonly [make: () => unknown, message: string][] = [
  [() => input('', [1]), 'input: got an empty name, wanted the name that run() will use'],
  [() => input('x', [1, -2]), "input 'x': got shape [1, -2], wanted non-negative integers"],
  [() => input('x', [1.5]), "input 'x': got shape [1.5], wanted non-negative integers"],
  [() => input('x', [1, 1, 1, 1, 1, 1, 1]), "input 'x': got shape [1, 1, 1, 1, 1, 1, 1], wanted at most 6 axes"],
  [() => input('x', [65536, 32768]), "input 'x': got shape [65536, 32768], wanted at most 2147483647 elements"],
  [() => parameter('', [1]), 'parameter: got an empty name, wanted the name it has in weight files'],
  [() => parameter('w', [Number.NaN]), "parameter 'w': got shape [NaN], wanted non-negative integers"],
  [() => constant([1, 2, 3], [2, 2]), 'constant: got 3 values for shape [2, 2], wanted 4'],
  [() => constant([1, 2], [-1, -2]), 'constant: got shape [-1, -2], wanted non-negative integers'],

  [() => conv2d(x(4, 4, 3), w(8, 3, 3, 3)), 'conv2d: got x [4, 4, 3], wanted the four axes [n, h, w, c]'],
  [() => conv2d(x(1, 4, 4, 3), w(8, 3)), 'conv2d: got weight [8, 3], wanted the four axes [o, c / groups, kh, kw]'],
  [
    () => conv2d(x(1, 4, 4, 3), w(8, 4, 3, 3)),
    'conv2d: got weight [8, 4, 3, 3] for x [1, 4, 4, 3] in 1 group, wanted [o, 3, kh, kw]',
  ],
  [
    () => conv2d(x(1, 4, 4, 4), w(8, 4, 3, 3), { groups: 2 }),
    'conv2d: got weight [8, 4, 3, 3] for x [1, 4, 4, 4] in 2 groups, wanted [o, 2, kh, kw]',
  ],
  [
    () => conv2d(x(1, 4, 4, 4), w(9, 2, 3, 3), { groups: 2 }),
    'conv2d: got 4 input and 9 output channels, wanted both to be positive multiples of groups 2',
  ],
  [
    () => conv2d(x(1, 4, 4, 3), w(0, 3, 1, 1)),
    'conv2d: got 3 input and 0 output channels, wanted both to be positive multiples of groups 1',
  ],
  [() => conv2d(x(1, 4, 4, 4), w(8, 4, 3, 3), { groups: 0 }), 'conv2d: got groups [0], wanted positive integers'],
  [() => conv2d(x(1, 4, 4, 3), w(8, 3, 0, 1)), 'conv2d: got kernel [0, 1], wanted positive integers'],
  [
    () => conv2d(x(1, 4, 4, 3), w(8, 3, 3, 3), { stride: [1, 0] }),
    'conv2d: got stride [1, 0], wanted positive integers',
  ],
  [
    () => conv2d(x(1, 4, 4, 3), w(8, 3, 3, 3), { padding: -1 }),
    'conv2d: got padding [-1, -1, -1, -1], wanted non-negative integers',
  ],
  [
    () => conv2d(x(1, 4, 4, 3), w(8, 3, 3, 3), { dilation: 0.5 }),
    'conv2d: got dilation [0.5, 0.5], wanted positive integers',
  ],
  [
    () => conv2d(x(1, 4, 4, 3), w(8, 3, 3, 3), { dilation: 2 }),
    'conv2d: got a window of [5, 5], wanted at most the padded input [4, 4]',
  ],
  [() => conv2d(x(1, 4, 4, 3), w(8, 3, 3, 3), { bias: w(3) }), 'conv2d: got bias [3], wanted [8]'],
  [
    () => new Tensor(conv2dOperation, [x(1, 4, 4, 3), w(8, 3, 1, 1), w(8)], { ...convolution, residual: true }),
    'conv2d: got residual [8], wanted [1, 4, 4, 8]',
  ],
  [
    () => new Tensor(conv2dOperation, [x(1, 4, 4, 3), w(8, 3, 1, 1)], { ...convolution, residual: true, bias: true }),
    'conv2d: got 2 inputs, wanted 4',
  ],

  [() => x(2, 3).matmul(w(2, 3)), 'matmul: got [2, 3] and [2, 3], wanted [m, k] and [k, n]'],
  [
    () => x(2, 3).matmul(w(4, 5), { transposeA: true, transposeB: true }),
    'matmul: got [2, 3] transposed and [4, 5] transposed, wanted [m, k] and [k, n]',
  ],
  [() => x(2, 3).matmul(w(3)), 'matmul: got [2, 3] and [3], wanted two matrices'],
  [() => linear(x(2, 3), w(4, 5)), 'matmul: got [2, 3] and [4, 5] transposed, wanted [m, k] and [k, n]'],
  [
    () => new Tensor(matmulOperation, [x(2, 3), w(3, 4), w(3)], { ...product, bias: true }),
    'matmul: got bias [3], wanted [4]',
  ],

  [
    () => x(2, 3).add(w(4)),
    'add: got [2, 3] and [4], wanted shapes that broadcast (extents equal or 1, from the right)',
  ],
  [
    () => x(2, 3).maximum(w(2, 1, 2, 3).slice([0, 0, 0, 0], [2, 1, 2, 2])),
    'maximum: got [2, 3] and [2, 1, 2, 2], wanted shapes that broadcast (extents equal or 1, from the right)',
  ],
  [() => x(65536, 1).mul(w(65536)), 'mul: got shape [65536, 65536], wanted at most 2147483647 elements'],

  [() => batchNorm(x(1, 2, 2, 4), statistics), 'batchNorm: got gamma [3], wanted [4]'],
  [() => batchNorm(x(2, 3), { ...statistics, variance: w(1) }), 'batchNorm: got variance [1], wanted [3]'],
  [() => batchNorm(x(), statistics), 'batchNorm: got a scalar, wanted x [..., c]'],
  [
    () => batchNorm(x(2, 3), { ...statistics, epsilon: -1 }),
    'batchNorm: got epsilon -1, wanted a number of at least 0',
  ],
  [
    () => new Tensor(scaleShiftOperation, [x(2, 3), w(3), w(2)], { activation: 'none' }),
    'scaleShift: got shift [2], wanted [3]',
  ],

  [() => maxPool2d(x(4, 4, 3), { kernel: 2 }), 'maxPool2d: got x [4, 4, 3], wanted the four axes [n, h, w, c]'],
  [() => maxPool2d(x(1, 4, 4, 3), { kernel: 0 }), 'maxPool2d: got kernel [0, 0], wanted positive integers'],
  [
    () => maxPool2d(x(1, 2, 4, 3), { kernel: 3 }),
    'maxPool2d: got a window of [3, 3], wanted at most the padded input [2, 4]',
  ],
  [
    () => maxPool2d(x(1, 4, 4, 3), { kernel: 3, padding: 2 }),
    'maxPool2d: got padding [2, 2, 2, 2], wanted at most half the kernel [3, 3]',
  ],
  [
    () => avgPool2d(x(1, 4, 4, 3), { kernel: [2, 1], padding: [1, 1] }),
    'avgPool2d: got padding [1, 1, 1, 1], wanted at most half the kernel [2, 1]',
  ],
  [
    () => avgPool2d(x(1, 0, 4, 3), { kernel: 1 }),
    'avgPool2d: got x [1, 0, 4, 3], wanted a height and width of at least 1',
  ],
  [() => globalAvgPool(x(1, 3)), 'globalAvgPool: got x [1, 3], wanted the four axes [n, h, w, c]'],
  [() => globalAvgPool(x(1, 3, 0, 3)), 'globalAvgPool: got x [1, 3, 0, 3], wanted a height and width of at least 1'],

  [() => x(2, 3).pad([[1, 1]]), 'pad: got 1 widths for x [2, 3], wanted [before, after] for each of its 2 axes'],
  [() => x(2).pad([[-1, 1]]), 'pad: got widths [-1, 1], wanted non-negative integers'],
  [() => x(2, 3).slice([0], [2, 3]), 'slice: got begin [0] for x [2, 3], wanted one number for each of its 2 axes'],
  [() => x(2, 3).slice([0, 0], [2, 4]), 'slice: got 0 to 4 on axis 1, wanted integers with 0 <= begin <= end <= 3'],
  [() => x(2, 3).slice([0, -1], [2, 1]), 'slice: got 2 to 1 on axis 1, wanted integers with 0 <= begin <= end <= 3'],
  [() => x(2).slice([0], [2], [0]), 'slice: got step [0], wanted positive integers'],
  [() => concat([], 0), 'concat: got no tensors, wanted at least one'],
  [() => concat([x(2, 3)], 2), 'concat: got axis 2, wanted an integer from -2 to 1'],
  [() => concat([x(2, 3), w(3, 2)], 1), 'concat: got [2, 3] and [3, 2], wanted shapes that differ only on axis 1'],
  [() => concat([x(2, 3), w(2)], 0), 'concat: got [2, 3] and [2], wanted shapes that differ only on axis 0'],
  [() => x(2, 3).reshape([4]), 'reshape: got [4] for x [2, 3], wanted a shape of 6 elements'],
  [() => x(2, 3).reshape([4, -1]), 'reshape: got [4, -1] for x [2, 3], wanted a shape of 6 elements'],
  [() => x(2, 3).reshape([-1, -6]), 'reshape: got [-1, -6] for x [2, 3], wanted a shape of 6 elements'],
  [() => x(0, 3).reshape([0, -1]), 'reshape: got [0, -1] for x [0, 3], wanted a shape of 0 elements'],

  [() => x(2, 3).softmax(2), 'softmax: got axis 2, wanted an integer from -2 to 1'],
  [() => x().logSoftmax(), 'logSoftmax: got axis -1 of a scalar, wanted a tensor with axes'],
  [() => x(2, 3).sum(0.5), 'sum: got axis 0.5, wanted an integer from -2 to 1'],
  [() => x(2, 3).mean([1, -1]), 'mean: got axes [1, -1], wanted each axis once'],
  [() => x(2, 0).max(), 'max: got x [2, 0], wanted at least one element on axes [0, 1]'],
  [() => x(2, 0).min(1), 'min: got x [2, 0], wanted at least one element on axes [1]'],
  [() => x(2, 3).argmax(-3), 'argmax: got axis -3, wanted an integer from -2 to 1'],
  [() => x(2, 0).argmax(), 'argmax: got x [2, 0], wanted at least one element on axis 1'],
  [() => x(2, 3).argmax().relu(), 'relu: got the i32 tensor [2] of argmax, wanted f32'],
]

describe('mistakes are reported where they are made', () => {
  test.each(calls)('%s', (make, message) => {
    expect(make).toThrow(new ShapeError(message))
  })
})
