import { COLUMNS, ROW_POINTERS } from '../instructions.generated.ts'
import { type ConvolutionGeometry, convolutionFields, convolutionOutput, FLOAT } from './geometry.ts'
import type { ConvolutionPlan, WeightsLayout } from './plan.ts'

/** Runs any convolution, with row pointers to every tap and the tile. */
export function planDirect(g: ConvolutionGeometry, { offset, ...strides }: WeightsLayout): ConvolutionPlan {
  const fields = convolutionFields(g)
  const { columns, depth } = fields
  const taps = g.kernel[0] * g.kernel[1]
  const groupFloats = Math.ceil(columns / COLUMNS) * COLUMNS * taps * depth
  const { columnStride, groupStride } = strides
  const liesTogether = offset === 0 && columnStride === taps * depth && groupStride === columns * columnStride
  const pointers = taps * ROW_POINTERS
  return {
    packedFloats: g.groups * groupFloats,
    // The tile reads the biases of a whole panel wherever it starts.
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
        ...fields,
        pixelStride: g.channels,
        scratch: workspace,
        scratchFloats: pointers,
      },
    ],
  }
}

/** Runs the direct kernel on a padded copy of the input; the taps of a kernel row are joined into one. */
export function planKernelRows(g: ConvolutionGeometry, weights: WeightsLayout): ConvolutionPlan {
  const plan = planDirect(g, weights)
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const row = g.width * g.channels
  const paddedWidth = g.width + g.padding[2] + g.padding[3]
  const paddedRow = paddedWidth * g.channels
  const paddedHeight = g.height + g.padding[0] + g.padding[1]
  const padded = g.batch * paddedHeight * paddedRow
  const scratchFloats = ROW_POINTERS * g.kernel[0]
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
        output: workspace + FLOAT * (g.padding[0] * paddedRow + g.padding[2] * g.channels),
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
