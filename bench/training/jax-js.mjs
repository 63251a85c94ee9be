// jax-js on WebAssembly: one function, which it differentiates and compiles. It has threads only in browsers.
import { readFileSync } from 'node:fs'
import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax'
import { evaluate } from './evaluate.mjs'
import { optimizer } from './problem.mjs'

/** `[batch, height, width, channels]` is `[batch, channels, height, width]` here. */
const PIXELS = [0, 2, 3]
const perChannel = x => x.reshape([1, -1, 1, 1])
const sides = ([top, left, bottom, right]) => [
  [top, bottom],
  [left, right],
]

const rules = {
  conv2d: ([x, weight], { attributes: { stride, padding, dilation, groups } }) =>
    lax.convGeneralDilated(x, weight, [...stride], sides(padding), {
      rhsDilation: [...dilation],
      featureGroupCount: groups,
    }),
  moments(inputs) {
    const [x] = inputs
    const mean = np.mean(x.ref, PIXELS, { keepdims: true })
    const variance = np.mean(np.square(x.sub(mean.ref)), PIXELS, { keepdims: true })
    return [mean, variance]
  },
  normalize([x, [mean, variance], gamma, beta], { attributes: { epsilon } }) {
    const scale = perChannel(gamma).div(np.sqrt(variance.add(epsilon)))
    return x.sub(mean).mul(scale).add(perChannel(beta))
  },
  unary: ([x]) => nn.relu(x),
  binary: ([a, b]) => a.add(b),
  matmul: ([a, b]) => np.matmul(a, b.transpose()),
  globalAvgPool: ([x]) => np.mean(x, [2, 3]),
  // jax-js has no slices with steps: every second pixel is the first of two.
  slice([x]) {
    const [n, c, height, width] = x.shape
    return x.reshape([n, c, height / 2, 2, width / 2, 2]).slice([], [], [], 0, [], 0)
  },
  pad([x], { attributes: { widths } }) {
    const [n, height, width, channels] = widths.map(pair => [...pair])
    return np.pad(x, [n, channels, height, width])
  },
  // Its input is not negative, so padding with zeros does no harm.
  maxPool2d([x], { attributes: { kernel, stride, padding } }) {
    const padded = np.pad(x, [[0, 0], [0, 0], ...sides(padding)])
    return lax.reduceWindow(padded, np.max, [1, 1, ...kernel], [1, 1, ...stride])
  },
}

export function excuse(_, { threads }) {
  if (threads > 1) return 'has no threads in Node'
}

export async function prepare(problem) {
  await init('wasm')
  defaultDevice('wasm')
  const { batch, side, classes, learned } = problem
  const { rate, momentum, weightDecay } = optimizer
  const names = learned.map(({ attributes }) => attributes.name)
  const arrays = values =>
    Object.fromEntries(learned.map(p => [p.attributes.name, np.array(values(p)).reshape([...p.shape])]))
  const images = np.array(problem.images).reshape([batch, side, side, 3]).transpose([0, 3, 1, 2])
  const targets = np.array(problem.targets).reshape([batch, classes])
  const loss = (parameters, x, y) => {
    const logits = evaluate(problem.logits, { ...parameters, images: x }, rules, value => value.ref)
    return np.sum(nn.logSoftmax(logits).mul(y)).mul(-1 / batch)
  }
  const differentiated = valueAndGrad(loss)
  const step = jit((parameters, momenta, x, y) => {
    const next = { parameters: {}, momenta: {} }
    const kept = Object.fromEntries(names.map(name => [name, parameters[name].ref]))
    const [value, gradients] = differentiated(parameters, x, y)
    for (const name of names) {
      const decayed = gradients[name].add(kept[name].ref.mul(weightDecay))
      next.momenta[name] = momenta[name].mul(momentum).add(decayed.ref)
      next.parameters[name] = kept[name].sub(decayed.add(next.momenta[name].ref.mul(momentum)).mul(rate))
    }
    return [value, next.parameters, next.momenta]
  })
  let parameters = arrays(p => problem.parameters.get(p.attributes.name))
  let momenta = arrays(p => new Float32Array(p.shape.reduce((a, b) => a * b, 1)))
  const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'))
  return {
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    async step() {
      const start = performance.now()
      const [value, ...next] = step(parameters, momenta, images.ref, targets.ref)
      ;[parameters, momenta] = next
      const [result] = await value.data()
      for (const name of names) await parameters[name].blockUntilReady()
      return { loss: result, milliseconds: performance.now() - start }
    },
  }
}
