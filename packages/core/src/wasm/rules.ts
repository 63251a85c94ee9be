import {
  planConvolution,
  planConvolutionInputGradient,
  planConvolutionWeightGradient,
  planMatmul,
  planMoments,
  planNormalizeSums,
} from '@residual/kernels-wasm'
import type { Tensor } from '../graph/tensor.ts'
import type { OpName } from '../ops/index.ts'
import { broadcastStrides, sizeOf, stridesOf } from '../shape.ts'
import { denseAt, emitAlongAxis, emitCopy, emitPool, emitProduct, geometryOf, poolOf, rowsOf } from './emit.ts'
import { coalesce } from './strides.ts'
import type { ProgramWriter } from './writer.ts'

type Rule<Op extends OpName> = (node: Tensor<Op>, writer: ProgramWriter) => void

/** How each operation is lowered. Every operation must have a rule, or this does not compile. */
const rules: { readonly [Op in OpName]: Rule<Op> } = {
  // Leaves are written before the program runs; a reshape shares the memory of its input.
  input: nothing,
  constant: nothing,
  reshape: nothing,
  parameter: nothing,
  // A pass replaces it.
  batchNorm: impossible,

  conv2d(node, writer) {
    const [x, weight] = node.inputs
    const plan = planConvolution(geometryOf(node, x.shape, weight.shape), { wholeBatch: writer.wholeBatch })
    emitProduct(node, plan, writer.addressOf(x), writer)
  },

  conv2dInputGradient(node, writer) {
    const [gradient, weight] = node.inputs
    const plan = planConvolutionInputGradient(geometryOf(node, node.shape, weight.shape))
    const { residual } = node.attributes
    writer.emit(
      ...plan.run({
        input: writer.addressOf(gradient),
        weights: writer.packed(weight, 4 * plan.packedFloats, { run: plan.pack }),
        residual: residual ? writer.addressOf(node.inputs[2]) : 0,
        output: writer.addressOf(node),
        zeros: writer.zerosFor(plan.zeros),
        workspace: writer.workspaceOf(plan.workspaceFloats, plan.threadFloats),
      }),
    )
  },

  conv2dWeightGradient(node, writer) {
    const [x, gradient] = node.inputs
    const plan = planConvolutionWeightGradient(geometryOf(node, x.shape, node.shape))
    writer.emit(
      ...plan.run({
        input: writer.addressOf(x),
        gradient: writer.addressOf(gradient),
        output: writer.addressOf(node),
        workspace: writer.workspaceOf(plan.workspaceFloats),
      }),
    )
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

  weightedSum(node, writer) {
    const [weights, ...terms] = node.inputs.map(tensor => writer.addressOf(tensor))
    const inputs = [...terms, 0, 0, 0].slice(0, 4)
    writer.emit({ op: 'weightedSum', inputs, weights, output: writer.addressOf(node), count: sizeOf(node.shape) })
  },

  moments(node, writer) {
    const [x] = node.inputs
    const plan = planMoments(rowsOf(x))
    const workspace = writer.workspaceOf(plan.workspaceFloats)
    writer.emit(...plan.run({ input: writer.addressOf(x), output: writer.addressOf(node), workspace }))
  },

  normalize(node, writer) {
    const [input, moments, gamma, beta, residual = 0] = node.inputs.map(tensor => writer.addressOf(tensor))
    const { epsilon, activation } = node.attributes
    const output = writer.addressOf(node)
    writer.emit({
      op: 'normalize',
      input,
      moments,
      gamma,
      beta,
      residual,
      output,
      ...rowsOf(node),
      epsilon,
      activation,
    })
  },

  normalizeSums(node, writer) {
    const [gradient, input, moments, gate = 0] = node.inputs.map(tensor => writer.addressOf(tensor))
    const { epsilon } = node.attributes
    const plan = planNormalizeSums(rowsOf(node.inputs[1]))
    const workspace = writer.workspaceOf(plan.workspaceFloats)
    const output = writer.addressOf(node)
    writer.emit(...plan.run({ gradient, input, moments, gate, epsilon, output, workspace }))
  },

  normalizeGradient(node, writer) {
    const [gradient, input, moments, gamma, sums, gate = 0] = node.inputs.map(tensor => writer.addressOf(tensor))
    const { epsilon } = node.attributes
    const output = writer.addressOf(node)
    writer.emit({
      op: 'normalizeGradient',
      gradient,
      input,
      moments,
      gamma,
      sums,
      gate,
      output,
      ...rowsOf(node),
      epsilon,
    })
  },

  maxPool2d: (node, writer) => emitPool(node, 'max', writer),

  avgPool2d(node, writer) {
    emitPool(node, node.attributes.countIncludePad ? 'averageWithPadding' : 'average', writer)
  },

  maxPool2dGradient(node, writer) {
    const [gradient, input] = node.inputs.map(tensor => writer.addressOf(tensor))
    const geometry = poolOf(node, node.shape, node.inputs[0].shape)
    writer.emit({ op: 'pool2dGradient', kind: 'max', gradient, input, output: writer.addressOf(node), ...geometry })
  },

  avgPool2dGradient(node, writer) {
    const kind = node.attributes.countIncludePad ? 'averageWithPadding' : 'average'
    const [gradient, output] = [writer.addressOf(node.inputs[0]), writer.addressOf(node)]
    const geometry = poolOf(node, node.shape, node.inputs[0].shape)
    writer.emit({ op: 'pool2dGradient', kind, gradient, input: 0, output, ...geometry })
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

  broadcast(node, writer) {
    const [x] = node.inputs
    const strides = broadcastStrides(x.shape, node.shape)
    emitCopy(writer, node.shape, { address: writer.addressOf(x), strides }, denseAt(node, writer))
  },

  spread(node, writer) {
    const [x] = node.inputs
    const { begin, step } = node.attributes
    const { address, strides } = denseAt(node, writer)
    const first = begin.reduce((sum, from, axis) => sum + from * strides[axis], 0)
    const walked = strides.map((stride, axis) => stride * step[axis])
    writer.emit({ op: 'fill', output: address, count: sizeOf(node.shape), value: 0 })
    emitCopy(writer, x.shape, denseAt(x, writer), { address: address + 4 * first, strides: walked })
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
    // Adjacent axes count as one run. The runs are reduced one after another, the last first.
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

/** Whether this input is the weight of a product, which is read a part at a time while it is packed. */
export function readsWeights(node: Tensor, input: number): boolean {
  return input === 1 && (node.is('conv2d') || node.is('matmul'))
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
