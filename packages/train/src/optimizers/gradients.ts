import { input, parameter, type Tensor, weightedSum } from '@residual/core'
import { type Optimizer, vector, zerosLike } from './optimizer.ts'

/**
 * Clips the gradients: if the Euclidean length of all of them together is above `most`, one factor scales them down to
 * that length, as in torch.nn.utils.clip_grad_norm_.
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
 * Takes one step of the optimiser for every `batches` runs, with the mean of their gradients, as if the batches were
 * one (batch norms still see single batches). The other runs do not change a bit of the parameters and of the
 * optimiser's state. The sums of gradients are further state, `sum.NAME` for every parameter. `inputs` then takes the
 * number of the run, counted from 0.
 */
export function accumulated(optimizer: Optimizer, batches: number): Optimizer {
  return inputs => {
    // 0 or 1: whether the sum so far is kept, and whether the optimiser takes a step in this run.
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
