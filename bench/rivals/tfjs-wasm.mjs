// TensorFlow.js on its WebAssembly backend, at its best: batch norms are folded into the weights, and convolutions
// add the bias and apply the ReLU themselves.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as wasm from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'

/** OIHW to HWIO, each output channel scaled. */
function toHwio(data, [outputs, inputs, height, width], scale) {
  const result = new Float32Array(data.length)
  let index = 0
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let tap = 0; tap < height * width; tap++) {
        result[(tap * inputs + i) * outputs + o] = data[index++] * scale[o]
      }
    }
  }
  return result
}

/** Turns the graph into a list of steps over a map from our tensors to theirs. */
function stepsOf({ graph, parameters }) {
  const users = new Map()
  for (const node of graph.nodes) for (const x of node.inputs) users.set(x, [...(users.get(x) ?? []), node])
  const steps = []
  /** Tensors that an earlier step also computes. */
  const done = new Set()
  const values = tensor => parameters.get(tensor.attributes.name)
  const nextIf = (node, matches) => {
    const [user, ...others] = users.get(node) ?? []
    return user && others.length === 0 && matches(user) ? user : undefined
  }
  const rules = {
    conv2d(node) {
      const [x, weight] = node.inputs
      const { stride, padding, dilation, groups } = node.attributes
      if (groups > 1) throw new Error('TensorFlow.js has no grouped convolutions')
      if (new Set(padding).size > 1) throw new Error('wanted the same padding on all sides')
      const norm = nextIf(node, user => user.op === 'batchNorm')
      const channels = weight.shape[0]
      let [scale, shift] = [new Float32Array(channels).fill(1), new Float32Array(channels)]
      if (norm) {
        const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(values)
        scale = gamma.map((value, c) => value / Math.sqrt(variance[c] + norm.attributes.epsilon))
        shift = beta.map((value, c) => value - mean[c] * scale[c])
      }
      const relu = nextIf(norm ?? node, user => user.op === 'unary')
      const [, , height, width] = weight.shape
      const options = {
        filter: tf.tensor4d(toHwio(values(weight), weight.shape, scale), [height, width, weight.shape[1], channels]),
        bias: tf.tensor1d(shift),
        strides: [...stride],
        pad: padding[0],
        dilations: [...dilation],
        activation: relu ? 'relu' : 'linear',
      }
      return [relu ?? norm ?? node, at => tf.fused.conv2d({ x: at(x), ...options })]
    },
    matmul(node) {
      const [a, weight] = node.inputs
      const sum = nextIf(node, user => user.op === 'binary')
      // Transposed in advance: with transposeB, TensorFlow.js leaves its fast path and adds the bias wrongly.
      const b = tf.transpose(tf.tensor2d(values(weight), [...weight.shape]))
      const bias = sum && tf.tensor1d(values(sum.inputs[1]))
      return [sum ?? node, at => tf.fused.matMul({ a: at(a), b, bias })]
    },
    batchNorm(node) {
      const [x, ...statistics] = node.inputs
      const [gamma, beta, mean, variance] = statistics.map(tensor => tf.tensor1d(values(tensor)))
      return [node, at => tf.batchNorm(at(x), mean, variance, beta, gamma, node.attributes.epsilon)]
    },
    unary: node => [node, at => tf.relu(at(node.inputs[0]))],
    binary: node => [node, at => tf.add(at(node.inputs[0]), at(node.inputs[1]))],
    maxPool2d(node) {
      const { kernel, stride, padding } = node.attributes
      return [node, at => tf.maxPool(at(node.inputs[0]), [...kernel], [...stride], padding[0])]
    },
    globalAvgPool: node => [node, at => tf.mean(at(node.inputs[0]), [1, 2])],
    slice(node) {
      const { begin, end, step } = node.attributes
      return [node, at => tf.stridedSlice(at(node.inputs[0]), [...begin], [...end], [...step])]
    },
    pad: node => [node, at => tf.pad(at(node.inputs[0]), node.attributes.widths)],
  }
  for (const node of graph.nodes) {
    if (node.op === 'input' || node.op === 'parameter' || done.has(node)) continue
    if (!rules[node.op]) throw new Error(`TensorFlow.js: no rule for ${node.op}`)
    const [output, compute] = rules[node.op](node)
    // The tensors in between belong to this step.
    for (let at = node; at !== output; at = users.get(at)[0]) done.add(users.get(at)[0])
    steps.push({ output, compute })
  }
  return steps
}

/** Why it cannot take part, if it cannot. */
export function excuse({ graph }, { threads }) {
  if (threads > 1) return 'has no threads in Node'
  if (graph.nodes.some(node => node.op === 'conv2d' && node.attributes.groups > 1)) return 'has no grouped convolutions'
}

export async function prepare(net) {
  wasm.setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')))}/`)
  await tf.setBackend('wasm')
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw new Error('TensorFlow.js found no SIMD')
  const steps = stepsOf(net)
  const [input] = net.graph.inputs
  const image = tf.tensor4d(net.image, [...input.shape])
  const run = async () => {
    const logits = tf.tidy(() => {
      const results = new Map([[input, image]])
      for (const { output, compute } of steps)
        results.set(
          output,
          compute(tensor => results.get(tensor)),
        )
      return results.get(net.graph.outputs[0])
    })
    const data = await logits.data()
    logits.dispose()
    return data
  }
  return { version: wasm.version_wasm, run }
}
