// Writes one of our graphs as an ONNX model, so that a rival runs the very same network. Only what ResNets need.

const FLOAT = 1
const INT64 = 7

function varint(value) {
  const bytes = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Buffer.from(bytes)
}

const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)])
const float = (field, value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint((field << 3) | 5), bytes])
}
const bytes = (field, ...parts) => {
  const data = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data])
}

function attribute(name, value) {
  if (Array.isArray(value)) return bytes(5, bytes(1, name), ...value.map(v => number(8, v)), number(20, 7))
  if (Number.isInteger(value)) return bytes(5, bytes(1, name), number(3, value), number(20, 2))
  return bytes(5, bytes(1, name), float(2, value), number(20, 1))
}

const node = (type, inputs, output, attributes = {}) =>
  bytes(
    1,
    ...inputs.map(name => bytes(1, name)),
    bytes(2, output),
    bytes(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  )

const tensor = (name, dims, data, type) =>
  bytes(
    5,
    ...dims.map(size => number(1, size)),
    number(2, type),
    bytes(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  )

const value = (field, name, dims) =>
  bytes(
    field,
    bytes(1, name),
    bytes(2, bytes(1, number(1, FLOAT), bytes(2, ...dims.map(size => bytes(1, number(1, size)))))),
  )

/** NHWC, as our graphs are, to ONNX's NCHW. */
const nchw = list => (list.length === 4 ? [list[0], list[3], list[1], list[2]] : list)

/**
 * @param {import('@residual/core').Graph} graph of one output, over `[n, h, w, c]` inputs
 * @param {ReadonlyMap<string, Float32Array>} parameters
 */
export function toOnnx(graph, parameters) {
  const names = new Map()
  const parts = []
  const integers = (name, list) => parts.push(tensor(name, [list.length], BigInt64Array.from(list, BigInt), INT64))
  const rules = {
    input: () => {},
    parameter: (t, out) => parts.push(tensor(out, t.shape, parameters.get(t.attributes.name), FLOAT)),
    conv2d(t, out, inputs) {
      const {
        stride,
        padding: [top, bottom, left, right],
        dilation,
        groups,
      } = t.attributes
      const attributes = { strides: stride, pads: [top, left, bottom, right], dilations: dilation, group: groups }
      parts.push(node('Conv', inputs, out, attributes))
    },
    batchNorm: (t, out, inputs) =>
      parts.push(node('BatchNormalization', inputs, out, { epsilon: t.attributes.epsilon })),
    unary: (_, out, inputs) => parts.push(node('Relu', inputs, out)),
    binary: (_, out, inputs) => parts.push(node('Add', inputs, out)),
    matmul: (_, out, inputs) => parts.push(node('Gemm', inputs, out, { transB: 1 })),
    maxPool2d(t, out, inputs) {
      const {
        kernel,
        stride,
        padding: [top, bottom, left, right],
      } = t.attributes
      parts.push(
        node('MaxPool', inputs, out, { kernel_shape: kernel, strides: stride, pads: [top, left, bottom, right] }),
      )
    },
    globalAvgPool(_, out, inputs) {
      parts.push(node('GlobalAveragePool', inputs, `${out}.pooled`), node('Flatten', [`${out}.pooled`], out))
    },
    slice(t, out, inputs) {
      for (const part of ['begin', 'end', 'step']) integers(`${out}.${part}`, nchw(t.attributes[part]))
      integers(`${out}.axes`, [0, 1, 2, 3])
      parts.push(node('Slice', [...inputs, `${out}.begin`, `${out}.end`, `${out}.axes`, `${out}.step`], out))
    },
    pad(t, out, inputs) {
      const widths = nchw(t.attributes.widths)
      integers(`${out}.widths`, [...widths.map(w => w[0]), ...widths.map(w => w[1])])
      parts.push(node('Pad', [...inputs, `${out}.widths`], out))
    },
  }
  for (const [i, t] of graph.nodes.entries()) {
    const name = t.attributes.name ?? `t${i}`
    names.set(t, name)
    if (!rules[t.op]) throw new Error(`onnx: no rule for ${t.op}`)
    rules[t.op](
      t,
      name,
      t.inputs.map(x => names.get(x)),
    )
  }
  const [output] = graph.outputs
  const inputs = graph.inputs.map(t => value(11, names.get(t), nchw(t.shape)))
  const outputs = value(12, names.get(output), nchw(output.shape))
  return Buffer.concat([
    number(1, 8),
    bytes(7, ...parts, bytes(2, 'graph'), ...inputs, outputs),
    bytes(8, bytes(1, ''), number(2, 13)),
  ])
}
