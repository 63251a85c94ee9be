import type { Row } from './row.ts'

export const rows: readonly Row[] = [
  // Pointwise convolutions around the tile sizes of the kernels.
  { op: 'conv2d', inputs: ['1x1x1x1', '1x1x1x1'] },
  { op: 'conv2d', inputs: ['1x3x3x5', '7x5x1x1'] },
  { op: 'conv2d', inputs: ['2x4x4x16', '32x16x1x1'] },
  { op: 'conv2d', inputs: ['1x5x5x8', '12x8x1x1'], options: { stride: 2 } },
  { op: 'conv2d', inputs: ['3x3x5x64', '65x64x1x1'] },
  { op: 'conv2d', inputs: ['1x2x2x300', '9x300x1x1'] },
  // 3x3, the most common convolutions of the networks.
  { op: 'conv2d', inputs: ['1x3x3x1', '1x1x3x3'] },
  { op: 'conv2d', inputs: ['1x8x8x3', '16x3x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['2x7x9x16', '16x16x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x8x8x64', '64x64x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['2x8x8x16', '32x16x3x3'], options: { padding: 1, stride: 2 } },
  { op: 'conv2d', inputs: ['1x7x7x6', '10x6x3x3'], options: { padding: 1, stride: 2 } },
  { op: 'conv2d', inputs: ['1x1x1x8', '8x8x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x1x13x4', '4x4x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x6x6x5', '3x5x3x3'], options: { padding: [0, 1, 2, 3] } },
  { op: 'conv2d', inputs: ['1x6x5x4', '8x4x3x3'], options: { padding: [2, 0] } },
  { op: 'conv2d', inputs: ['1x9x9x4', '8x4x3x3'], options: { padding: 2, dilation: 2 } },
  { op: 'conv2d', inputs: ['1x9x8x3', '5x3x3x3'], options: { padding: 1, dilation: [2, 1], stride: [1, 2] } },
  { op: 'conv2d', inputs: ['1x2x2x3', '4x3x3x3'], options: { padding: 4 } },
  // 3x3 with enough channels for Winograd: pieces cut at the border, odd channels, more pieces than in one block.
  { op: 'conv2d', inputs: ['2x13x11x32', '40x32x3x3'], options: { padding: 1 } },
  { op: 'conv2d', inputs: ['1x7x7x21', '18x21x3x3'], options: { padding: [0, 2, 1, 0] } },
  {
    op: 'conv2d',
    inputs: ['1x4x5x16', '33x16x3x3', '33', '1x4x5x33'],
    options: { padding: 1, bias: true, residual: true, relu: true },
  },
  {
    op: 'conv2d',
    inputs: ['1x7x5x256', '260x256x3x3', '260', '1x7x5x260'],
    options: { padding: 1, bias: true, residual: true, relu: true },
  },
  // Enough channels that weights are transformed in each run, for F2 and F4.
  { op: 'conv2d', inputs: ['3x8x7x96', '100x96x3x3', '3x8x7x100'], options: { padding: 1, residual: true } },
  { op: 'conv2d', inputs: ['5x5x4x100', '97x100x3x3'], options: { padding: 1 } },
  // Other kernels.
  { op: 'conv2d', inputs: ['1x20x20x3', '64x3x7x7'], options: { padding: 3, stride: 2 } },
  { op: 'conv2d', inputs: ['2x11x13x3', '10x3x7x7'], options: { padding: 3, stride: 2 } },
  { op: 'conv2d', inputs: ['1x6x7x4', '5x4x2x3'] },
  { op: 'conv2d', inputs: ['1x6x6x2', '4x2x5x1'], options: { padding: [2, 0] } },
  { op: 'conv2d', inputs: ['1x4x4x3', '6x3x4x4'] },
  { op: 'conv2d', inputs: ['1x9x9x4', '4x4x3x3'], options: { stride: 3 } },
  // Groups of one channel, of four as in ResNeXt, of odd and of larger sizes.
  { op: 'conv2d', inputs: ['1x7x7x16', '16x1x3x3'], options: { padding: 1, groups: 16 } },
  { op: 'conv2d', inputs: ['2x5x5x7', '7x1x3x3'], options: { padding: 1, groups: 7, stride: 2 } },
  { op: 'conv2d', inputs: ['1x5x5x4', '8x1x3x3'], options: { padding: 1, groups: 4 } },
  { op: 'conv2d', inputs: ['1x6x6x32', '32x4x3x3'], options: { padding: 1, groups: 8 } },
  { op: 'conv2d', inputs: ['1x6x6x32', '32x4x3x3'], options: { padding: 1, groups: 8, stride: 2 } },
  { op: 'conv2d', inputs: ['1x4x5x64', '64x8x3x3'], options: { padding: 1, groups: 8 } },
  { op: 'conv2d', inputs: ['1x4x4x6', '9x2x3x3'], options: { padding: 1, groups: 3 } },
  { op: 'conv2d', inputs: ['1x4x4x8', '12x4x1x1'], options: { groups: 2 } },
  { op: 'conv2d', inputs: ['1x9x9x8', '8x2x3x3'], options: { groups: 4, dilation: 2, padding: 2 } },
  // Epilogues.
  { op: 'conv2d', inputs: ['1x5x5x3', '10x3x3x3', '10'], options: { padding: 1, bias: true } },
  { op: 'conv2d', inputs: ['1x5x5x3', '10x3x3x3'], options: { padding: 1, relu: true } },
  { op: 'conv2d', inputs: ['2x5x5x8', '8x8x3x3', '2x5x5x8'], options: { padding: 1, residual: true } },
  {
    op: 'conv2d',
    inputs: ['2x6x6x16', '16x16x3x3', '16', '2x6x6x16'],
    options: { padding: 1, bias: true, residual: true, relu: true },
  },
  {
    op: 'conv2d',
    inputs: ['1x5x3x9', '13x9x1x1', '13', '1x5x3x13'],
    options: { bias: true, residual: true, relu: true },
  },
  {
    op: 'conv2d',
    inputs: ['1x6x6x16', '16x4x3x3', '16', '1x3x3x16'],
    options: { padding: 1, stride: 2, groups: 4, bias: true, residual: true, relu: true },
  },
  {
    op: 'conv2d',
    inputs: ['1x5x5x6', '6x1x3x3', '6', '1x5x5x6'],
    options: { padding: 1, groups: 6, bias: true, residual: true, relu: true },
  },
  // Computed weights, as in training.
  { op: 'conv2d', inputs: ['2x5x5x3', '10x3x3x3'], options: { padding: 1, weights: [] } },
  { op: 'conv2d', inputs: ['1x4x4x8', '8x4x1x1'], options: { groups: 2, weights: [], relu: true } },
  // No images.
  { op: 'conv2d', inputs: ['0x5x5x3', '4x3x3x3', '4'], options: { padding: 1, bias: true, relu: true } },

  { op: 'matmul', inputs: ['1x1', '1x1'] },
  { op: 'matmul', inputs: ['3x5', '5x7'] },
  { op: 'matmul', inputs: ['1x64', '64x10'] },
  { op: 'matmul', inputs: ['17x33', '33x9'] },
  { op: 'matmul', inputs: ['8x16', '16x24'] },
  { op: 'matmul', inputs: ['5x3', '5x7'], options: { transposeA: true } },
  { op: 'matmul', inputs: ['6x13', '11x13'], options: { transposeB: true } },
  { op: 'matmul', inputs: ['9x4', '5x9'], options: { transposeA: true, transposeB: true } },
  { op: 'matmul', inputs: ['5x7', '7x6'], options: { weights: [1] } },
  { op: 'matmul', inputs: ['5x7', '7x6'], options: { weights: [0] } },
  { op: 'matmul', inputs: ['3x64', '10x64', '10'], options: { transposeB: true, weights: [1], bias: true } },
  { op: 'matmul', inputs: ['1x513', '1000x513', '1000'], options: { transposeB: true, weights: [1], bias: true } },
  {
    op: 'matmul',
    inputs: ['6x10', '10x7', '7', '6x7'],
    options: { bias: true, residual: true, relu: true, weights: [1] },
  },
  { op: 'matmul', inputs: ['6x10', '10x7', '6x7'], options: { residual: true, relu: true } },
  { op: 'matmul', inputs: ['0x4', '4x3'] },
  { op: 'matmul', inputs: ['2x0', '0x3'] },

  ...['relu', 'neg', 'abs', 'exp', 'square', 'reciprocal', 'sigmoid', 'tanh', 'silu'].map(
    (kind): Row => ({ op: 'unary', inputs: ['3x7'], options: { kind } }),
  ),
  ...['log', 'sqrt', 'reciprocal'].map(
    (kind): Row => ({ op: 'unary', inputs: ['131'], options: { kind, range: 'positive' } }),
  ),
  { op: 'unary', inputs: [''], options: { kind: 'relu' } },
  { op: 'unary', inputs: ['0x3'], options: { kind: 'exp' } },
  { op: 'unary', inputs: ['2x1x3x1x2x2'], options: { kind: 'neg' } },

  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum'].flatMap((kind): Row[] => [
    { op: 'binary', inputs: ['3x7', '3x7'], options: { kind, range: 'positive' } },
    { op: 'binary', inputs: ['2x3x5', '5'], options: { kind, range: 'positive' } },
    { op: 'binary', inputs: ['4x1', '2x1x3'], options: { kind, range: 'negative' } },
  ]),
  { op: 'binary', inputs: ['', '2x3'], options: { kind: 'sub' } },
  { op: 'binary', inputs: ['2x3', ''], options: { kind: 'div', range: 'positive' } },
  { op: 'binary', inputs: ['2x4x4x8', '8'], options: { kind: 'mul' } },
  { op: 'binary', inputs: ['2x4x4x8', '2x1x1x8'], options: { kind: 'mul' } },
  { op: 'binary', inputs: ['2x1x2x1x3x1', '2x1x2x1x4'], options: { kind: 'sub' } },
  { op: 'binary', inputs: ['0x3', '3'], options: { kind: 'add' } },
  { op: 'binary', inputs: ['0x3', '1x1'], options: { kind: 'add' } },
  { op: 'binary', inputs: ['5x13', '13'], options: { kind: 'add', weights: [1] } },

  { op: 'batchNorm', inputs: ['2x3x3x5', '5', '5', '5', '5'] },
  { op: 'batchNorm', inputs: ['1x2x2x16', '16', '16', '16', '16'], options: { relu: true } },
  { op: 'batchNorm', inputs: ['3x7', '7', '7', '7', '7'], options: { relu: true } },
  { op: 'batchNorm', inputs: ['2x3x3x5', '5', '5', '5', '5'], options: { weights: [] } },
  { op: 'batchNorm', inputs: ['1', '1', '1', '1', '1'] },
  { op: 'batchNorm', inputs: ['0x3x3x4', '4', '4', '4', '4'] },

  { op: 'maxPool2d', inputs: ['1x4x4x1'], options: { kernel: 2 } },
  { op: 'maxPool2d', inputs: ['2x7x9x5'], options: { kernel: 3, stride: 2, padding: 1 } },
  { op: 'maxPool2d', inputs: ['1x8x8x16'], options: { kernel: 3, stride: 2, padding: 1, range: 'negative' } },
  { op: 'maxPool2d', inputs: ['1x6x5x3'], options: { kernel: [3, 2], stride: 1, padding: [1, 0] } },
  { op: 'maxPool2d', inputs: ['1x5x5x2'], options: { kernel: 3, stride: [2, 3], padding: [0, 1, 1, 0] } },
  { op: 'maxPool2d', inputs: ['1x1x1x4'], options: { kernel: 1 } },
  { op: 'maxPool2d', inputs: ['0x4x4x3'], options: { kernel: 2 } },

  { op: 'avgPool2d', inputs: ['1x4x4x1'], options: { kernel: 2 } },
  { op: 'avgPool2d', inputs: ['2x7x9x5'], options: { kernel: 3, stride: 2, padding: 1 } },
  { op: 'avgPool2d', inputs: ['2x7x9x5'], options: { kernel: 3, stride: 2, padding: 1, countIncludePad: false } },
  { op: 'avgPool2d', inputs: ['1x6x5x8'], options: { kernel: [3, 2], stride: 1, padding: [1, 0] } },
  {
    op: 'avgPool2d',
    inputs: ['1x5x5x2'],
    options: { kernel: 3, stride: 1, padding: [0, 1, 1, 0], countIncludePad: false },
  },
  { op: 'avgPool2d', inputs: ['0x4x4x3'], options: { kernel: 2 } },

  { op: 'globalAvgPool', inputs: ['1x1x1x1'] },
  { op: 'globalAvgPool', inputs: ['2x7x7x10'] },
  { op: 'globalAvgPool', inputs: ['3x8x5x64'] },
  { op: 'globalAvgPool', inputs: ['0x8x8x4'] },

  {
    op: 'pad',
    inputs: ['2x3'],
    options: {
      widths: [
        [1, 2],
        [0, 3],
      ],
    },
  },
  {
    op: 'pad',
    inputs: ['2x4x4x16'],
    options: {
      widths: [
        [0, 0],
        [0, 0],
        [0, 0],
        [8, 8],
      ],
    },
  },
  {
    op: 'pad',
    inputs: ['1x3x2x5'],
    options: {
      widths: [
        [0, 0],
        [1, 1],
        [2, 0],
        [0, 0],
      ],
      value: -3,
    },
  },
  {
    op: 'pad',
    inputs: ['0x3'],
    options: {
      widths: [
        [0, 2],
        [1, 0],
      ],
      value: 0.5,
    },
  },
  { op: 'pad', inputs: [''], options: { widths: [] } },
  {
    op: 'pad',
    inputs: ['2x1x3x1x2x2'],
    options: {
      widths: [
        [0, 1],
        [1, 0],
        [0, 0],
        [1, 1],
        [0, 0],
        [0, 1],
      ],
    },
  },

  { op: 'slice', inputs: ['6x7'], options: { begin: [1, 2], end: [5, 7] } },
  { op: 'slice', inputs: ['2x8x8x16'], options: { begin: [0, 0, 0, 0], end: [2, 8, 8, 16], step: [1, 2, 2, 1] } },
  { op: 'slice', inputs: ['2x7x5x3'], options: { begin: [0, 1, 0, 1], end: [1, 7, 5, 3], step: [1, 3, 2, 1] } },
  { op: 'slice', inputs: ['5x6'], options: { begin: [-3, 0], end: [-1, 6], step: [1, 4] } },
  { op: 'slice', inputs: ['5x6'], options: { begin: [2, 0], end: [2, 6] } },
  {
    op: 'slice',
    inputs: ['2x3x2x3x2x4'],
    options: { begin: [0, 1, 0, 0, 1, 0], end: [2, 3, 1, 3, 2, 4], step: [1, 1, 1, 2, 1, 3] },
  },

  { op: 'concat', inputs: ['2x3', '2x5'], options: { axis: 1 } },
  { op: 'concat', inputs: ['2x3', '1x3', '4x3'], options: { axis: 0 } },
  { op: 'concat', inputs: ['1x3x3x5', '1x3x3x8'], options: { axis: -1 } },
  { op: 'concat', inputs: ['2x2x3', '2x0x3', '2x1x3'], options: { axis: 1 } },
  { op: 'concat', inputs: ['4'], options: { axis: 0 } },
  { op: 'concat', inputs: ['2x3', '2x5'], options: { axis: 1, weights: [1] } },

  { op: 'reshape', inputs: ['2x6'], options: { shape: [3, 4] } },
  { op: 'reshape', inputs: ['2x3x4'], options: { shape: [-1] } },
  { op: 'reshape', inputs: ['0x3'], options: { shape: [3, 0, 2] } },
  { op: 'reshape', inputs: ['1'], options: { shape: [] } },

  ...(['softmax', 'logSoftmax'] as const).flatMap((op): Row[] => [
    { op, inputs: ['3x10'], options: { axis: -1 } },
    { op, inputs: ['2x1000'], options: { axis: 1 } },
    { op, inputs: ['4x3x5'], options: { axis: 1 } },
    { op, inputs: ['5x3'], options: { axis: 0 } },
    { op, inputs: ['1'], options: { axis: 0 } },
    { op, inputs: ['0x10'], options: { axis: -1 } },
    { op, inputs: ['2x0'], options: { axis: -1 } },
  ]),

  ...['sum', 'mean', 'max', 'min'].flatMap((kind): Row[] => [
    { op: 'reduce', inputs: ['3x7'], options: { kind } },
    { op: 'reduce', inputs: ['3x7'], options: { kind, axes: [1], keepDims: true } },
    { op: 'reduce', inputs: ['4x5x6'], options: { kind, axes: [0] } },
    { op: 'reduce', inputs: ['2x5x5x9'], options: { kind, axes: [1, 2] } },
    { op: 'reduce', inputs: ['2x3x4x2x3x2'], options: { kind, axes: [0, 2, -1] } },
    { op: 'reduce', inputs: ['0x3'], options: { kind, axes: [1] } },
  ]),
  { op: 'reduce', inputs: ['2x0x3'], options: { kind: 'sum', axes: [1] } },

  { op: 'argmax', inputs: ['3x10'], options: { axis: -1 } },
  { op: 'argmax', inputs: ['5x100'], options: { axis: -1, range: 'ties' } },
  { op: 'argmax', inputs: ['9x4x3'], options: { axis: 0, range: 'ties' } },
  { op: 'argmax', inputs: ['2x7x5'], options: { axis: 1 } },
  { op: 'argmax', inputs: ['6'], options: { axis: 0, range: 'negative' } },
  { op: 'argmax', inputs: ['0x4'], options: { axis: 1 } },

  { op: 'binary', inputs: ['2x3x5', '2x3x5'], options: { kind: 'gate' } },
  { op: 'binary', inputs: ['', '7'], options: { kind: 'gate' } },
  { op: 'binary', inputs: ['3x1x4', '2x4'], options: { kind: 'gate' } },

  { op: 'broadcast', inputs: [''], options: { shape: [2, 3] } },
  { op: 'broadcast', inputs: ['4'], options: { shape: [3, 2, 4] } },
  { op: 'broadcast', inputs: ['2x1x1x5'], options: { shape: [2, 3, 4, 5] } },
  { op: 'broadcast', inputs: ['1x3'], options: { shape: [0, 3] } },

  { op: 'spread', inputs: ['2x3'], options: { shape: [5, 7], begin: [1, 0], step: [2, 3] } },
  { op: 'spread', inputs: ['2x4x4x3'], options: { shape: [2, 8, 7, 5], begin: [0, 0, 0, 1], step: [1, 2, 2, 1] } },

  { op: 'weightedSum', inputs: ['1', '3x5'] },
  { op: 'weightedSum', inputs: ['2', '3x5', '3x5'] },
  { op: 'weightedSum', inputs: ['3', '', '', ''] },
  { op: 'weightedSum', inputs: ['4', '1030', '1030', '1030', '1030'] },

  ...['1x1', '6x3', '2x5x5x16', '3x1x70x4', '40x30x10', '5x2050'].flatMap((x): Row[] => {
    const c = x.slice(x.lastIndexOf('x') + 1)
    return [
      { op: 'moments', inputs: [x] },
      { op: 'normalize', inputs: [x, c, c] },
      { op: 'normalize', inputs: [x, c, c], options: { relu: true } },
      { op: 'normalize', inputs: [x, c, c, x], options: { relu: true } },
      { op: 'normalize', inputs: [x, c, c, x] },
    ]
  }),
]
