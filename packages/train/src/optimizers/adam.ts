import { input, parameter, type Tensor, weightedSum } from '@residual/core'
import { number } from '@residual/core/schema'
import { common, type Optimization, type OptimizerInputs, vector, zerosLike } from './optimizer.ts'

/** Options of the optimisers that keep running means of gradients and of their squares. */
export const moments = {
  beta1: number(0, 1).default(0.9).help('decay of the mean of gradients'),
  beta2: number(0, 1).default(0.999).help('decay of the mean of squared gradients'),
  epsilon: number(0).help('added to the divisor to keep the quotient finite'),
  weightDecay: common.weightDecay.default(0.01),
}

interface Moments {
  /** The corrected mean of gradients divided by (the square root of the corrected mean of squares + epsilon). */
  readonly direction: Tensor
  /** The next values of both means. */
  readonly updates: ReadonlyMap<Tensor<'parameter'>, Tensor>
}

/**
 * The direction in which Adam (Kingma and Ba 2015) moves each parameter, and its state, `mean.NAME` and `square.NAME`.
 * The means start at 0; scalar inputs, which depend on the step, correct for that.
 */
export function adamMoments(
  { parameters, gradients, scale = 1 }: OptimizerInputs,
  { beta1, beta2, epsilon }: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
): { of: (weight: Tensor<'parameter'>) => Moments } & Pick<Optimization, 'state' | 'inputs'> {
  const meanCorrection = input('meanCorrection', [])
  const squareCorrection = input('squareCorrection', [])
  const [ofMean, ofSquare] =
    typeof scale === 'number'
      ? [vector(beta1, (1 - beta1) * scale), vector(beta2, (1 - beta2) * scale ** 2)]
      : [vector(beta1, scale.mul(1 - beta1)), vector(beta2, scale.square().mul(1 - beta2))]
  const made = new Map<Tensor, Moments>()
  const state = new Map<string, Float32Array>()
  parameters.forEach((weight, i) => {
    const stateOf = (kind: string) => {
      const mean = parameter(`${kind}.${weight.attributes.name}`, weight.shape, { trainable: false })
      state.set(mean.attributes.name, zerosLike(weight))
      return mean
    }
    const [mean, square] = [stateOf('mean'), stateOf('square')]
    const nextMean = weightedSum([mean, gradients[i]], ofMean)
    const nextSquare = weightedSum([square, gradients[i].square()], ofSquare)
    const root = nextSquare.sqrt().mul(squareCorrection).add(epsilon)
    made.set(weight, {
      direction: nextMean.mul(meanCorrection).div(root),
      updates: new Map([
        [mean, nextMean],
        [square, nextSquare],
      ]),
    })
  })
  return {
    of: weight => made.get(weight)!,
    state,
    inputs: step => ({
      meanCorrection: Float32Array.of(1 / (1 - beta1 ** (step + 1))),
      squareCorrection: Float32Array.of(1 / Math.sqrt(1 - beta2 ** (step + 1))),
    }),
  }
}
