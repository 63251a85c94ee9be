import { input, parameter, type Tensor, weightedSum } from '@residual/core'
import { type Optimizer, vector, zerosLike } from './optimizer.ts'

/**
 * Scales all gradients by one factor where their common Euclidean length is above `most`, so that it becomes `most`, as
 * torch.nn.utils.clip_grad_norm_ does.
 */
export function clipped(optimizer: Optimizer, most: number): Optimizer {
  return inputs => {
    const squares = inputs.gradients.map(gradient => gradient.square().sum())
    const length = squares.reduce((a, b) => a.add(b)).sqrt()
    const scale = length.add(1e-6).reciprocal().mul(most).minimum(1)
    return optimizer({ ...inputs, scale: scale.mul(inputs.scale ?? 1) })
  }
}

/**
 * Updates after every `batches` runs with the mean of their gradients, as if they had been one batch (batch norms still
 * see the single ones). Other runs leave the parameters and the optimiser's state as they are, to the bit. The sums are
 * its own state, `sum.NAME` for every parameter. `inputs` then takes the number of the run, from 0.
 */
export function accumulated(optimizer: Optimizer, batches: number): Optimizer {
  return inputs => {
    // 0 or 1: whether the sum goes on, and whether this run updates.
    const [keep, apply] = [input('keep', []), input('apply', [])]
    const addition = vector(keep, 1 / batches)
    const choice = vector(apply, apply.neg().add(1))
    const updates = new Map<Tensor<'parameter'>, Tensor>()
    const state = new Map<string, Float32Array>()
    const gradients = inputs.parameters.map((weight, i) => {
      const sum = parameter(`sum.${weight.attributes.name}`, weight.shape, { trainable: false })
      const next = weightedSum([sum, inputs.gradients[i]], addition)
      updates.set(sum, next)
      state.set(sum.attributes.name, zerosLike(weight))
      return next
    })
    const inner = optimizer({ ...inputs, gradients })
    for (const [old, next] of inner.updates) updates.set(old, weightedSum([next, old], choice))
    return {
      updates,
      state: new Map([...state, ...inner.state]),
      inputs: run => ({
        keep: Float32Array.of(run % batches === 0 ? 0 : 1),
        apply: Float32Array.of(run % batches === batches - 1 ? 1 : 0),
        ...inner.inputs(Math.floor(run / batches)),
      }),
    }
  }
}
