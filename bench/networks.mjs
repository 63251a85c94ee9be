// Networks with weights from a formula, and images: the inputs of every rival.
import { graphOf, input } from '../packages/core/dist/index.js'
import { architecture, resnet } from '../packages/resnet/dist/index.js'

/** Deterministic values in [-1, 1). */
function* uniform(seed) {
  let state = seed >>> 0
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state / 2 ** 31 - 1
  }
}

const fill = (count, seed, map) => {
  const values = uniform(seed)
  return Float32Array.from({ length: count }, () => map(values.next().value))
}

/** Weights with about the variance of Kaiming initialisation, and batch norms near the identity. */
function valuesFor({ attributes: { name }, shape }, seed) {
  const count = shape.reduce((a, b) => a * b, 1)
  if (name.endsWith('running_var') || (shape.length === 1 && name.endsWith('weight'))) {
    return fill(count, seed, v => 1 + v / 4)
  }
  if (shape.length === 1) return fill(count, seed, v => v / 8)
  const scale = Math.sqrt(3 / (count / shape[0]))
  return fill(count, seed, v => v * scale)
}

/** @returns the network's graph, parameters, and an image for it, `[batch, size, size, 3]` */
export function network(name, { batch = 1 } = {}) {
  const arch = architecture(name)
  const size = arch.family === 'cifar' ? 32 : 224
  const { logits } = resnet(arch, input('image', [batch, size, size, 3]))
  const graph = graphOf([logits])
  const parameters = new Map(graph.parameters.map((p, i) => [p.attributes.name, valuesFor(p, i + 1)]))
  return { name, batch, size, logits, graph, parameters, image: fill(batch * size * size * 3, 7, v => v * 2) }
}

/** `[n, h, w, 3]` to `[n, 3, h, w]`. */
export function toNchw({ image, batch, size }) {
  const planes = new Float32Array(image.length)
  const pixels = size * size
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) planes[(n * 3 + c) * pixels + i] = image[(n * pixels + i) * 3 + c]
    }
  }
  return planes
}
