import { ShapeError } from '../../errors.ts'
import { noMacs, notDifferentiable, type Operation, ordinary, type Values } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, type Shape, sameShape } from '../../shape.ts'
import { checkMoments, checkPerChannel } from './checks.ts'

/**
 * Inputs: the gradient of the output of `normalize`, its x and its moments `[2, c]`. For the gradient of x, gamma `[c]`
 * and the sums `[2, c]` follow. The gate, if any, comes last.
 */
export interface NormalizeGradientAttributes {
  readonly epsilon: number
  /** The last input has x's shape, and the gradient counts only where that is positive: a ReLU after the norm. */
  readonly gate: boolean
}

function checkInputs(operation: string, inputs: readonly Shape[], fixed: number, gate: boolean): void {
  const [gradient, x, moments] = inputs
  checkPerChannel(operation, [x], [])
  checkMoments(operation, x, moments)
  if (inputs.length !== fixed + Number(gate)) {
    throw new ShapeError(`${operation}: got ${inputs.length} inputs, wanted ${fixed + Number(gate)}`)
  }
  const others = { gradient, ...(gate ? { gate: inputs[fixed] } : {}) }
  for (const [name, shape] of Object.entries(others)) {
    if (!sameShape(shape, x)) {
      throw new ShapeError(`${operation}: got ${name} ${formatShape(shape)}, wanted ${formatShape(x)}`)
    }
  }
}

/** Calls `visit(index, channel, gradient, normalized)` for every element of x. */
function walkNormalized(
  [gradient, x, moments]: readonly Values[],
  gate: Values | undefined,
  epsilon: number,
  visit: (index: number, channel: number, gradient: number, normalized: number) => void,
): void {
  const channels = moments.shape[1]
  for (let i = 0; i < x.data.length; i++) {
    const c = i % channels
    const normalized = (x.data[i] - moments.data[c]) / Math.sqrt(moments.data[channels + c] + epsilon)
    visit(i, c, gate && !(gate.data[i] > 0) ? 0 : gradient.data[i], normalized)
  }
}

/** `[2, c]`: the sums over all pixels of the gradient and of its product with the normalized x. */
const normalizeSumsOperation: Operation<'normalizeSums'> = {
  name: 'normalizeSums',
  shape(inputs, { gate }) {
    checkInputs('normalizeSums', inputs, 3, gate)
    return inputs[2]
  },
  traits: ordinary,
  macs: noMacs,
  gradient: notDifferentiable,
  reference(inputs, output, { epsilon, gate }) {
    const channels = output.shape[1]
    const sums = new Float64Array(output.data.length)
    walkNormalized(inputs, gate ? inputs[3] : undefined, epsilon, (_, c, gradient, normalized) => {
      sums[c] += gradient
      sums[channels + c] += gradient * normalized
    })
    output.data.set(sums)
  },
}

/** The gradient of x, including the part that flows through its moments. */
const normalizeGradientOperation: Operation<'normalizeGradient'> = {
  name: 'normalizeGradient',
  shape(inputs, { gate }) {
    const [, x, , gamma, sums] = inputs
    checkInputs('normalizeGradient', inputs, 5, gate)
    checkPerChannel('normalizeGradient', [x, gamma], ['gamma'])
    checkMoments('normalizeGradient', x, sums)
    return x
  },
  traits: { ...ordinary, elementwise: [0, 1, 5] },
  macs: noMacs,
  gradient: notDifferentiable,
  reference(inputs, output, { epsilon, gate }) {
    const [, x, moments, gamma, sums] = inputs
    const channels = gamma.data.length
    const rows = x.data.length / channels
    walkNormalized(inputs, gate ? inputs[5] : undefined, epsilon, (i, c, gradient, normalized) => {
      const scale = gamma.data[c] / Math.sqrt(moments.data[channels + c] + epsilon)
      const through = sums.data[c] / rows + (normalized * sums.data[channels + c]) / rows
      output.data[i] = scale * (gradient - through)
    })
  },
}

/**
 * The sums that the gradients of gamma, beta and x of a `normalize` need.
 * @returns `[2, c]`: the gradients of beta and of gamma
 */
export function normalizeSums(
  gradient: Tensor,
  x: Tensor,
  moments: Tensor,
  { epsilon }: { epsilon: number },
): Tensor<'normalizeSums'> {
  return new Tensor(normalizeSumsOperation, [gradient, x, moments], { epsilon, gate: false })
}

/** The gradient of x in a `normalize` whose moments are `moments(x)`. */
export function normalizeGradient(
  gradient: Tensor,
  x: Tensor,
  moments: Tensor,
  gamma: Tensor,
  sums: Tensor,
  { epsilon }: { epsilon: number },
): Tensor<'normalizeGradient'> {
  return new Tensor(normalizeGradientOperation, [gradient, x, moments, gamma, sums], { epsilon, gate: false })
}
