import { type Graph, type Parameters, ResidualError, type Tensor } from '@residual/core'

// Numbers from ONNX's protocol buffers (onnx.proto3): element types, and the versions of the operators and the format.
const FLOAT = 1
const INT64 = 7
const OPERATORS = 13
const FORMAT = 8

type Attribute = number | readonly number[]

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Buffer.from(bytes)
}

const integer = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)])

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint((field << 3) | 5), bytes])
}

function bytes(field: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const data = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data])
}

function attribute(name: string, value: Attribute): Buffer {
  if (typeof value === 'object') return bytes(5, bytes(1, name), ...value.map(v => integer(8, v)), integer(20, 7))
  if (Number.isInteger(value)) return bytes(5, bytes(1, name), integer(3, value), integer(20, 2))
  return bytes(5, bytes(1, name), float(2, value), integer(20, 1))
}

const node = (
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
) =>
  bytes(
    1,
    ...inputs.map(name => bytes(1, name)),
    bytes(2, output),
    bytes(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  )

const initializer = (name: string, shape: readonly number[], data: Float32Array | BigInt64Array) =>
  bytes(
    5,
    ...shape.map(size => integer(1, size)),
    integer(2, data instanceof Float32Array ? FLOAT : INT64),
    bytes(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  )

const integers = (name: string, list: readonly number[]) =>
  initializer(name, [list.length], BigInt64Array.from(list, BigInt))

const value = (field: number, name: string, shape: readonly number[]) =>
  bytes(
    field,
    bytes(1, name),
    bytes(2, bytes(1, integer(1, FLOAT), bytes(2, ...shape.map(size => bytes(1, integer(1, size)))))),
  )

/** Reorders `[n, h, w, c]`, the layout of graphs here, to ONNX's `[n, c, h, w]`. */
const channelsFirst = <T>(list: readonly T[]): readonly T[] =>
  list.length === 4 ? [list[0], list[3], list[1], list[2]] : list

/** The parts of the ONNX graph that compute one tensor, named `out`, from the tensors named `inputs`. */
function partsOf(tensor: Tensor, inputs: readonly string[], out: string, parameters: Parameters): Buffer[] {
  if (tensor.is('input')) return []
  if (tensor.is('parameter')) return [initializer(out, tensor.shape, parameters.get(tensor.attributes.name)!)]
  if (tensor.is('conv2d')) {
    const { stride, padding, dilation, groups } = tensor.attributes
    const [top, bottom, left, right] = padding
    const attributes = { strides: stride, pads: [top, left, bottom, right], dilations: dilation, group: groups }
    return [node('Conv', inputs, out, attributes)]
  }
  if (tensor.is('batchNorm')) {
    return [node('BatchNormalization', inputs, out, { epsilon: tensor.attributes.epsilon })]
  }
  if (tensor.is('unary')) {
    const { kind } = tensor.attributes
    if (kind === 'relu') return [node('Relu', inputs, out)]
    if (kind === 'sigmoid') return [node('Sigmoid', inputs, out)]
    if (kind === 'silu') {
      return [node('Sigmoid', inputs, `${out}.sigmoid`), node('Mul', [...inputs, `${out}.sigmoid`], out)]
    }
  }
  if (tensor.is('binary')) {
    const { kind } = tensor.attributes
    if (kind === 'add') return [node('Add', inputs, out)]
    if (kind === 'mul') return [node('Mul', inputs, out)]
  }
  if (tensor.is('reduce') && tensor.attributes.kind === 'max' && tensor.inputs[0].shape.length === 4) {
    const { axes, keepDims } = tensor.attributes
    const moved = axes.map(axis => [0, 2, 3, 1][axis])
    return [node('ReduceMax', inputs, out, { axes: moved, keepdims: keepDims ? 1 : 0 })]
  }
  // Values of one pixel have the same order in both layouts.
  if (tensor.is('reshape') && tensor.shape.length === 4 && tensor.shape[1] * tensor.shape[2] === 1) {
    return [integers(`${out}.shape`, channelsFirst(tensor.shape)), node('Reshape', [...inputs, `${out}.shape`], out)]
  }
  if (tensor.is('matmul')) return [node('Gemm', inputs, out, { transB: tensor.attributes.transposeB ? 1 : 0 })]
  if (tensor.is('maxPool2d')) {
    const { kernel, stride, padding } = tensor.attributes
    const [top, bottom, left, right] = padding
    return [node('MaxPool', inputs, out, { kernel_shape: kernel, strides: stride, pads: [top, left, bottom, right] })]
  }
  if (tensor.is('globalAvgPool')) {
    return [node('GlobalAveragePool', inputs, `${out}.pooled`), node('Flatten', [`${out}.pooled`], out)]
  }
  if (tensor.is('slice')) {
    const { begin, end, step } = tensor.attributes
    const limits = Object.entries({ begin, end, step }).map(([name, list]) =>
      integers(`${out}.${name}`, channelsFirst(list)),
    )
    const names = ['begin', 'end', 'axes', 'step'].map(name => `${out}.${name}`)
    const axes = integers(
      `${out}.axes`,
      begin.map((_, i) => i),
    )
    return [...limits, axes, node('Slice', [...inputs, ...names], out)]
  }
  if (tensor.is('pad')) {
    const widths = channelsFirst(tensor.attributes.widths)
    const list = [...widths.map(([before]) => before), ...widths.map(([, after]) => after)]
    return [integers(`${out}.widths`, list), node('Pad', [...inputs, `${out}.widths`], out)]
  }
  throw new ResidualError(`toOnnx: got the operation ${tensor.op}, wanted an operation that ResNets use`)
}

/**
 * Writes a graph as an ONNX model (operator set 13), so that another runtime can run the same network. It supports the
 * operations that ResNets use for inference.
 * @param graph a graph with one output; its inputs are `[n, h, w, c]` here and `[n, c, h, w]` in the model
 * @param parameters the value of every parameter of the graph, by name
 * @returns the bytes of the file
 * @throws ResidualError for an operation that is not supported.
 */
export function toOnnx(graph: Graph, parameters: Parameters): Uint8Array {
  const names = new Map<Tensor, string>()
  const parts: Buffer[] = []
  for (const [i, tensor] of graph.nodes.entries()) {
    const name = tensor.is('input') || tensor.is('parameter') ? tensor.attributes.name : `t${i}`
    names.set(tensor, name)
    const inputs = tensor.inputs.map(x => names.get(x)!)
    parts.push(...partsOf(tensor, inputs, name, parameters))
  }
  const [output] = graph.outputs
  const inputs = graph.inputs.map(tensor => value(11, tensor.attributes.name, channelsFirst(tensor.shape)))
  const outputs = value(12, names.get(output)!, channelsFirst(output.shape))
  return Buffer.concat([
    integer(1, FORMAT),
    bytes(7, ...parts, bytes(2, 'graph'), ...inputs, outputs),
    bytes(8, bytes(1, ''), integer(2, OPERATORS)),
  ])
}
