import { testAgreement } from './agreement.ts'
import { backends } from './backends.ts'
import { caseOf } from './cases.ts'
import type { Row } from './row.ts'

/**
 * More than 2^20 pixels, rows, columns or channels, which the product of a size and the index of a part exceeds:
 * `usize` and the words of a program have 32 bits. And a convolution whose pieces are transformed in several blocks.
 */
const rows: readonly Row[] = [
  { op: 'conv2d', inputs: ['3x44x41x128', '16x128x3x3'], options: { padding: 1, relu: true } },
  { op: 'conv2d', inputs: ['1x1050x1000x1', '3x1x1x1'] },
  { op: 'conv2d', inputs: ['1100000x1x1x2', '1x2x1x1'], options: { relu: true } },
  { op: 'conv2d', inputs: ['1x2100x2000x1', '2x1x2x2'], options: { stride: 2 } },
  { op: 'conv2d', inputs: ['1x1050x1000x2', '2x1x1x1'], options: { groups: 2 } },
  { op: 'conv2d', inputs: ['1x1050x1000x1', '1x1x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x1050x1000x4', '1x4x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x1x2x1050000', '2x1050000x1x1'] },
  { op: 'conv2d', inputs: ['1x1x1x2', '1100000x2x1x1'] },
  { op: 'matmul', inputs: ['1050000x2', '2x8'] },
  { op: 'matmul', inputs: ['2x3', '3x1100000'] },
  { op: 'matmul', inputs: ['2x1050000', '1050000x3'] },
  { op: 'unary', inputs: ['1050000x3'], options: { kind: 'relu' } },
  { op: 'binary', inputs: ['1050000x3', '3'], options: { kind: 'add' } },
  { op: 'weightedSum', inputs: ['4', '2100000', '2100000', '2100000', '2100000'] },
  { op: 'batchNorm', inputs: ['1x1050x1000x2', '2', '2', '2', '2'] },
  { op: 'batchNorm', inputs: ['1x1x1x1050000', '1050000', '1050000', '1050000', '1050000'] },
  { op: 'moments', inputs: ['1x1050x1000x2'] },
  { op: 'moments', inputs: ['1x2x1x1050000'] },
  { op: 'normalize', inputs: ['1x1050x1000x2', '2', '2'] },
  { op: 'maxPool2d', inputs: ['1x1100x1000x2'], options: { kernel: 2, stride: 1 } },
  { op: 'avgPool2d', inputs: ['1x1x2x1050000'], options: { kernel: [1, 2] } },
  { op: 'globalAvgPool', inputs: ['1x1050x1000x2'] },
  { op: 'reduce', inputs: ['1050000x2'], options: { kind: 'max', axes: [1] } },
  { op: 'reduce', inputs: ['2x1050000'], options: { kind: 'sum', axes: [0] } },
  { op: 'softmax', inputs: ['1050000x2'], options: { axis: 1 } },
  { op: 'argmax', inputs: ['1050000x2'], options: { axis: 1 } },
  {
    op: 'pad',
    inputs: ['1050000x1'],
    options: {
      widths: [
        [1, 2],
        [0, 1],
      ],
      value: 2,
    },
  },
  { op: 'slice', inputs: ['2100000x2'], options: { begin: [1, 0], end: [2100000, 2], step: [2, 1] } },
  { op: 'concat', inputs: ['1050000x1', '1050000x2'], options: { axis: 1 } },
]

testAgreement(
  backends.filter(({ options: { backend, threads } }) => backend !== 'reference' && threads! < 3),
  rows.map(caseOf),
)
