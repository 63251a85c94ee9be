// TensorFlow.js on its cpu backend, plain JavaScript: its WebAssembly backend has no gradients of convolutions.
import * as tf from '@tensorflow/tfjs'
import { evaluate, groupedConvolutions } from './evaluate.mjs'
import { optimizer } from './problem.mjs'

const rules = {
  conv2d([x, weight], { attributes: { stride, padding, dilation } }) {
    if (new Set(padding).size > 1) throw new Error('wanted the same padding on all sides')
    const filter = tf.transpose(weight, [2, 3, 1, 0])
    return tf.conv2d(x, filter, [...stride], padding[0], 'NHWC', [...dilation])
  },
  moments: ([x]) => tf.moments(x, [0, 1, 2]),
  normalize: ([x, { mean, variance }, gamma, beta], { attributes: { epsilon } }) =>
    tf.batchNorm(x, mean, variance, beta, gamma, epsilon),
  unary: ([x]) => tf.relu(x),
  binary: ([a, b]) => tf.add(a, b),
  matmul: ([a, b]) => tf.matMul(a, b, false, true),
  globalAvgPool: ([x]) => tf.mean(x, [1, 2]),
  // Its strided slices have no gradient, but the mean of one pixel has one.
  slice: ([x], { attributes: { step } }) => tf.avgPool(x, 1, [step[1], step[2]], 'valid'),
  pad: ([x], { attributes: { widths } }) =>
    tf.pad(
      x,
      widths.map(pair => [...pair]),
    ),
  maxPool2d: ([x], { attributes: { kernel, stride, padding } }) => tf.maxPool(x, [...kernel], [...stride], padding[0]),
}

export function excuse(problem, { threads }) {
  if (threads > 1) return 'has no threads'
  if (groupedConvolutions(problem)) return 'has no grouped convolutions'
}

export async function prepare(problem) {
  await tf.setBackend('cpu')
  const { batch, side, classes, learned } = problem
  const { rate, momentum, weightDecay } = optimizer
  const names = learned.map(({ attributes }) => attributes.name)
  const variables = values =>
    Object.fromEntries(learned.map(p => [p.attributes.name, tf.variable(tf.tensor(values(p), [...p.shape]))]))
  const parameters = variables(p => problem.parameters.get(p.attributes.name))
  const momenta = variables(p => new Float32Array(p.shape.reduce((a, b) => a * b, 1)))
  const images = tf.tensor4d(problem.images, [batch, side, side, 3])
  const targets = tf.tensor2d(problem.targets, [batch, classes])
  const loss = () => {
    const logits = evaluate(problem.logits, { ...parameters, images }, rules)
    return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits), targets)), -1 / batch)
  }
  const update = () => {
    const { value, grads } = tf.variableGrads(
      loss,
      names.map(name => parameters[name]),
    )
    for (const name of names) {
      const decayed = tf.add(grads[parameters[name].name], tf.mul(parameters[name], weightDecay))
      momenta[name].assign(tf.add(tf.mul(momenta[name], momentum), decayed))
      const direction = tf.add(decayed, tf.mul(momenta[name], momentum))
      parameters[name].assign(tf.sub(parameters[name], tf.mul(direction, rate)))
    }
    return value.dataSync()[0]
  }
  return {
    version: tf.version.tfjs,
    async step() {
      const start = performance.now()
      const value = tf.tidy(update)
      return { loss: value, milliseconds: performance.now() - start }
    },
  }
}
