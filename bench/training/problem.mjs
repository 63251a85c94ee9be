// The training problem of every library: a network with its initial weights, and a batch.
import { crossEntropy, grad, graphOf, input } from '../../packages/core/dist/index.js'
import { architecture, resnet } from '../../packages/resnet/dist/index.js'
import { initialParameters } from '../../packages/train/dist/index.js'

/** SGD with Nesterov momentum; weight decay on all parameters, as in PyTorch's optimiser. */
export const optimizer = { rate: 0.05, momentum: 0.9, weightDecay: 5e-4 }

/** Deterministic values in [-1, 1). */
function noise(count) {
  let state = 7
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/**
 * @returns the network in training: its graph up to `logits` and `loss`, the `learned` tensors with their `gradients`,
 * running statistics and their `updates`, initial `parameters`, `images` `[batch, side, side, 3]`, and `labels`
 */
export function problem(name, { batch, side }) {
  const arch = architecture(name)
  const { logits, updates } = resnet(arch, input('images', [batch, side, side, 3]), { training: true })
  const loss = crossEntropy(logits, input('targets', [batch, arch.classes]))
  const learned = graphOf([loss]).parameters
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % arch.classes)
  const targets = new Float32Array(batch * arch.classes)
  labels.forEach((label, i) => {
    targets[i * arch.classes + label] = 1
  })
  return {
    ...{ name, batch, side, classes: arch.classes, logits, loss, learned, gradients: grad(loss, learned), updates },
    ...{ parameters: initialParameters(arch), images: noise(batch * side * side * 3), labels, targets },
  }
}
