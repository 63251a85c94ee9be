import { type Instruction, planConvolution, planMatmul } from '@residual/kernels-wasm'
import type { OpName } from '../ops/index.ts'
import type { Padding, Pair } from '../ops/window.ts'
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import type { ProgramMemory } from './memory.ts'
import { coalesce } from './strides.ts'

type Rule<Op extends OpName> = (node: Tensor<Op>, memory: ProgramMemory) => void

/** What each operation becomes. Leaving one out does not compile. */
const rules: { readonly [Op in OpName]: Rule<Op> } = {
  // Leaves are written before the program runs; a reshape has the memory of its input.
  input: nothing,
  constant: nothing,
  reshape: nothing,
  // The passes replace these two.
  parameter: impossible,
  batchNorm: impossible,

  conv2d(node, memory) {
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
    emitProduct(node, plan, memory.addressOf(x), memory)
  },

  matmul(node, memory) {
    const [a] = node.inputs
    const { transposeA, transposeB } = node.attributes
    const [m, n] = node.shape
    const k = a.shape[transposeA ? 0 : 1]
    let input = memory.addressOf(a)
    if (transposeA) {
      const transposed = memory.scratch(m * k)
      emitCopy(memory, [m, k], { address: input, strides: [1, m] }, { address: transposed, strides: [k, 1] })
      input = transposed
    }
    emitProduct(node, planMatmul({ m, k, n, transposed: transposeB }), input, memory)
  },

  unary(node, memory) {
    const [input, output] = [memory.addressOf(node.inputs[0]), memory.addressOf(node)]
    memory.emit({ op: 'unary', kind: node.attributes.kind, input, output, count: sizeOf(node.shape) })
  },

  binary(node, memory) {
    const [a, b] = node.inputs
    const { sizes, strides } = coalesce(node.shape, {
      a: broadcastStrides(a.shape, node.shape),
      b: broadcastStrides(b.shape, node.shape),
      output: stridesOf(node.shape),
    })
    memory.emit({
      op: 'binary',
      kind: node.attributes.kind,
      a: memory.addressOf(a),
      b: memory.addressOf(b),
      output: memory.addressOf(node),
      sizes,
      aStrides: strides.a,
      bStrides: strides.b,
    })
  },

  scaleShift(node, memory) {
    const [input, scale, shift] = node.inputs.map(tensor => memory.addressOf(tensor))
    const channels = node.shape[node.shape.length - 1]
    memory.emit({
      op: 'scaleShift',
      input,
      scale,
      shift,
      output: memory.addressOf(node),
      rows: sizeOf(node.shape) / channels,
      channels,
      activation: node.attributes.activation,
    })
  },

  maxPool2d: (node, memory) => emitPool(node, 'max', node.attributes, memory),

  avgPool2d(node, memory) {
    emitPool(node, node.attributes.countIncludePad ? 'averageWithPadding' : 'average', node.attributes, memory)
  },

  globalAvgPool(node, memory) {
    const [x] = node.inputs
    const [batch, height, width, channels] = x.shape
    const [input, output] = [memory.addressOf(x), memory.addressOf(node)]
    memory.emit({ op: 'reduce', kind: 'mean', input, output, outer: batch, length: height * width, inner: channels })
  },

  pad(node, memory) {
    const { widths, value } = node.attributes
    const output = memory.addressOf(node)
    const strides = stridesOf(node.shape)
    const first = widths.reduce((sum, [before], axis) => sum + before * strides[axis], 0)
    memory.emit({ op: 'fill', output, count: sizeOf(node.shape), value })
    emitCopy(memory, node.inputs[0].shape, denseAt(node.inputs[0], memory), { address: output + 4 * first, strides })
  },

  slice(node, memory) {
    const { begin, step } = node.attributes
    const { address, strides } = denseAt(node.inputs[0], memory)
    const first = begin.reduce((sum, from, axis) => sum + from * strides[axis], 0)
    const walked = strides.map((stride, axis) => stride * step[axis])
    emitCopy(memory, node.shape, { address: address + 4 * first, strides: walked }, denseAt(node, memory))
  },

  concat(node, memory) {
    const { axis } = node.attributes
    const { address, strides } = denseAt(node, memory)
    let at = 0
    for (const tensor of node.inputs) {
      const target = { address: address + 4 * at * strides[axis], strides }
      emitCopy(memory, tensor.shape, denseAt(tensor, memory), target)
      at += tensor.shape[axis]
    }
  },

  softmax: (node, memory) => emitAlongAxis(node, 'softmax', memory),
  logSoftmax: (node, memory) => emitAlongAxis(node, 'logSoftmax', memory),
  argmax: (node, memory) => emitAlongAxis(node, 'argmax', memory),

  reduce(node, memory) {
    const [x] = node.inputs
    const { kind, axes } = node.attributes
    if (axes.length === 0) {
      emitCopy(memory, x.shape, denseAt(x, memory), denseAt(node, memory))
      return
    }
    // Neighbouring axes are one; runs of them are reduced one after the other, the last first.
    const runs: { first: number; last: number }[] = []
    for (const axis of axes) {
      const run = runs[runs.length - 1]
      if (run?.last === axis - 1) run.last = axis
      else runs.push({ first: axis, last: axis })
    }
    let input = memory.addressOf(x)
    const shape = [...x.shape]
    for (const { first, last } of runs.reverse()) {
      const outer = sizeOf(shape.slice(0, first))
      const length = sizeOf(shape.slice(first, last + 1))
      const inner = sizeOf(shape.slice(last + 1))
      const isLast = first === runs[runs.length - 1].first
      const output = isLast ? memory.addressOf(node) : memory.scratch(outer * inner)
      memory.emit({ op: 'reduce', kind, input, output, outer, length, inner })
      shape.splice(first, last - first + 1)
      input = output
    }
  },
}

/** Writes the instructions that compute one tensor. */
export function lowerNode<Op extends OpName>(node: Tensor<Op>, memory: ProgramMemory): void {
  const rule: Rule<Op> = rules[node.op]
  rule(node, memory)
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
  memory: ProgramMemory,
): void {
  const { bias, residual, activation } = node.attributes
  memory.emit(
    ...plan.run({
      input,
      weights: memory.prepared(node.inputs[1], plan.packedFloats, plan.pack),
      bias: bias ? memory.biasOf(node.inputs[2], plan.biasFloats) : 0,
      residual: residual ? memory.addressOf(node.inputs[node.inputs.length - 1]) : 0,
      output: memory.addressOf(node),
      zeros: memory.zerosFor(plan.zeros),
      workspace: memory.workspaceOf(plan.workspaceFloats),
      activation,
    }),
  )
}

function emitPool(
  node: Tensor,
  kind: Extract<Instruction, { op: 'pool2d' }>['kind'],
  { kernel, stride, padding }: { kernel: Pair; stride: Pair; padding: Padding },
  memory: ProgramMemory,
): void {
  const [batch, height, width, channels] = node.inputs[0].shape
  memory.emit({
    op: 'pool2d',
    kind,
    input: memory.addressOf(node.inputs[0]),
    output: memory.addressOf(node),
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
  memory: ProgramMemory,
): void {
  const [x] = node.inputs
  const { axis } = node.attributes
  memory.emit({
    op,
    input: memory.addressOf(x),
    output: memory.addressOf(node),
    outer: sizeOf(x.shape.slice(0, axis)),
    length: x.shape[axis],
    inner: sizeOf(x.shape.slice(axis + 1)),
  })
}

interface Strided {
  readonly address: number
  readonly strides: readonly number[]
}

function denseAt(tensor: Tensor, memory: ProgramMemory): Strided {
  return { address: memory.addressOf(tensor), strides: stridesOf(tensor.shape) }
}

function emitCopy(memory: ProgramMemory, shape: Shape, from: Strided, to: Strided): void {
  if (sizeOf(shape) === 0) return
  const { sizes, strides } = coalesce(shape, { input: from.strides, output: to.strides })
  memory.emit({
    op: 'copy',
    input: from.address,
    output: to.address,
    sizes,
    inputStrides: strides.input,
    outputStrides: strides.output,
  })
}
