import { type Instruction, planConvolution, planMatmul } from '@residual/kernels-wasm'
import type { OpName } from '../ops/index.ts'
import type { Padding, Pair } from '../ops/window.ts'
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { coalesce } from './strides.ts'
import type { ProgramWriter } from './writer.ts'

type Rule<Op extends OpName> = (node: Tensor<Op>, writer: ProgramWriter) => void

/** What each operation becomes. Leaving one out does not compile. */
const rules: { readonly [Op in OpName]: Rule<Op> } = {
  // Leaves are written before the program runs; a reshape has the memory of its input.
  input: nothing,
  constant: nothing,
  reshape: nothing,
  // The passes replace these two.
  parameter: impossible,
  batchNorm: impossible,

  conv2d(node, writer) {
    const [x, weight] = node.inputs
    const [batch, height, width, channels] = x.shape
    const { stride, dilation, padding, groups } = node.attributes
    const plan = planConvolution({
      batch,
      height,
      width,
      channels,
      outputs: weight.shape[0],
      groups,
      kernel: [weight.shape[2], weight.shape[3]],
      stride,
      dilation,
      padding,
    })
    emitProduct(node, plan, writer.addressOf(x), writer)
  },

  matmul(node, writer) {
    const [a] = node.inputs
    const { transposeA, transposeB } = node.attributes
    const [m, n] = node.shape
    const k = a.shape[transposeA ? 0 : 1]
    let input = writer.addressOf(a)
    if (transposeA) {
      const transposed = writer.scratch(m * k)
      emitCopy(writer, [m, k], { address: input, strides: [1, m] }, { address: transposed, strides: [k, 1] })
      input = transposed
    }
    emitProduct(node, planMatmul({ m, k, n, transposed: transposeB }), input, writer)
  },

  unary(node, writer) {
    const [input, output] = [writer.addressOf(node.inputs[0]), writer.addressOf(node)]
    writer.emit({ op: 'unary', kind: node.attributes.kind, input, output, count: sizeOf(node.shape) })
  },

  binary(node, writer) {
    const [a, b] = node.inputs
    const { sizes, strides } = coalesce(node.shape, {
      a: broadcastStrides(a.shape, node.shape),
      b: broadcastStrides(b.shape, node.shape),
      output: stridesOf(node.shape),
    })
    writer.emit({
      op: 'binary',
      kind: node.attributes.kind,
      a: writer.addressOf(a),
      b: writer.addressOf(b),
      output: writer.addressOf(node),
      sizes,
      aStrides: strides.a,
      bStrides: strides.b,
    })
  },

  scaleShift(node, writer) {
    const [input, scale, shift] = node.inputs.map(tensor => writer.addressOf(tensor))
    const channels = node.shape[node.shape.length - 1]
    writer.emit({
      op: 'scaleShift',
      input,
      scale,
      shift,
      output: writer.addressOf(node),
      rows: sizeOf(node.shape) / channels,
      channels,
      activation: node.attributes.activation,
    })
  },

  maxPool2d: (node, writer) => emitPool(node, 'max', node.attributes, writer),

  avgPool2d(node, writer) {
    emitPool(node, node.attributes.countIncludePad ? 'averageWithPadding' : 'average', node.attributes, writer)
  },

  globalAvgPool(node, writer) {
    const [x] = node.inputs
    const [batch, height, width, channels] = x.shape
    const [input, output] = [writer.addressOf(x), writer.addressOf(node)]
    writer.emit({ op: 'reduce', kind: 'mean', input, output, outer: batch, length: height * width, inner: channels })
  },

  pad(node, writer) {
    const { widths, value } = node.attributes
    const output = writer.addressOf(node)
    const strides = stridesOf(node.shape)
    const first = widths.reduce((sum, [before], axis) => sum + before * strides[axis], 0)
    writer.emit({ op: 'fill', output, count: sizeOf(node.shape), value })
    emitCopy(writer, node.inputs[0].shape, denseAt(node.inputs[0], writer), { address: output + 4 * first, strides })
  },

  slice(node, writer) {
    const { begin, step } = node.attributes
    const { address, strides } = denseAt(node.inputs[0], writer)
    const first = begin.reduce((sum, from, axis) => sum + from * strides[axis], 0)
    const walked = strides.map((stride, axis) => stride * step[axis])
    emitCopy(writer, node.shape, { address: address + 4 * first, strides: walked }, denseAt(node, writer))
  },

  concat(node, writer) {
    const { axis } = node.attributes
    const { address, strides } = denseAt(node, writer)
    let at = 0
    for (const tensor of node.inputs) {
      const target = { address: address + 4 * at * strides[axis], strides }
      emitCopy(writer, tensor.shape, denseAt(tensor, writer), target)
      at += tensor.shape[axis]
    }
  },

  softmax: (node, writer) => emitAlongAxis(node, 'softmax', writer),
  logSoftmax: (node, writer) => emitAlongAxis(node, 'logSoftmax', writer),
  argmax: (node, writer) => emitAlongAxis(node, 'argmax', writer),

  reduce(node, writer) {
    const [x] = node.inputs
    const { kind, axes } = node.attributes
    if (axes.length === 0) {
      emitCopy(writer, x.shape, denseAt(x, writer), denseAt(node, writer))
      return
    }
    // Neighbouring axes are one; runs of them are reduced one after the other, the last first.
    const runs: { first: number; last: number }[] = []
    for (const axis of axes) {
      const run = runs[runs.length - 1]
      if (run?.last === axis - 1) run.last = axis
      else runs.push({ first: axis, last: axis })
    }
    let input = writer.addressOf(x)
    const shape = [...x.shape]
    for (const { first, last } of runs.reverse()) {
      const outer = sizeOf(shape.slice(0, first))
      const length = sizeOf(shape.slice(first, last + 1))
      const inner = sizeOf(shape.slice(last + 1))
      const isLast = first === runs[runs.length - 1].first
      const output = isLast ? writer.addressOf(node) : writer.scratch(outer * inner)
      writer.emit({ op: 'reduce', kind, input, output, outer, length, inner })
      shape.splice(first, last - first + 1)
      input = output
    }
  },
}

/** Writes the instructions that compute one tensor. */
export function lowerNode<Op extends OpName>(node: Tensor<Op>, writer: ProgramWriter): void {
  const rule: Rule<Op> = rules[node.op]
  rule(node, writer)
}

function nothing(): void {}

function impossible(node: Tensor): void {
  throw new Error(`lowering: ${node.op} should have been replaced by a pass`)
}

/** A convolution or matrix product with its epilogue. */
function emitProduct(
  node: Tensor<'conv2d'> | Tensor<'matmul'>,
  plan: ReturnType<typeof planConvolution>,
  input: number,
  writer: ProgramWriter,
): void {
  const { bias, residual, activation } = node.attributes
  writer.emit(
    ...plan.run({
      input,
      weights: writer.prepared(node.inputs[1], plan.packedFloats, plan.pack),
      bias: bias ? writer.biasOf(node.inputs[2], plan.biasFloats) : 0,
      residual: residual ? writer.addressOf(node.inputs[node.inputs.length - 1]) : 0,
      output: writer.addressOf(node),
      zeros: writer.zerosFor(plan.zeros),
      workspace: writer.workspaceOf(plan.workspaceFloats, plan.threadFloats),
      activation,
    }),
  )
}

function emitPool(
  node: Tensor,
  kind: Extract<Instruction, { op: 'pool2d' }>['kind'],
  { kernel, stride, padding }: { kernel: Pair; stride: Pair; padding: Padding },
  writer: ProgramWriter,
): void {
  const [batch, height, width, channels] = node.inputs[0].shape
  writer.emit({
    op: 'pool2d',
    kind,
    input: writer.addressOf(node.inputs[0]),
    output: writer.addressOf(node),
    batch,
    height,
    width,
    channels,
    outputHeight: node.shape[1],
    outputWidth: node.shape[2],
    kernel,
    stride,
    padding: [padding[0], padding[2]],
  })
}

function emitAlongAxis(
  node: Tensor<'softmax'> | Tensor<'logSoftmax'> | Tensor<'argmax'>,
  op: 'softmax' | 'logSoftmax' | 'argmax',
  writer: ProgramWriter,
): void {
  const [x] = node.inputs
  const { axis } = node.attributes
  writer.emit({
    op,
    input: writer.addressOf(x),
    output: writer.addressOf(node),
    outer: sizeOf(x.shape.slice(0, axis)),
    length: x.shape[axis],
    inner: sizeOf(x.shape.slice(axis + 1)),
  })
}

interface Strided {
  readonly address: number
  readonly strides: readonly number[]
}

function denseAt(tensor: Tensor, writer: ProgramWriter): Strided {
  return { address: writer.addressOf(tensor), strides: stridesOf(tensor.shape) }
}

function emitCopy(writer: ProgramWriter, shape: Shape, from: Strided, to: Strided): void {
  if (sizeOf(shape) === 0) return
  const { sizes, strides } = coalesce(shape, { input: from.strides, output: to.strides })
  writer.emit({
    op: 'copy',
    input: from.address,
    output: to.address,
    sizes,
    inputStrides: strides.input,
    outputStrides: strides.output,
  })
}
