import { ShapeError } from '../errors.ts'
import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { formatShape, sameShape } from '../shape.ts'
import { concat } from './concat.ts'
import { constant } from './constant.ts'

/** Inputs: weights `[k]`, then k tensors of one shape. */
export type WeightedSumAttributes = Record<never, never>

/** The limit of the instruction. */
const MOST_TERMS = 4

const weightedSumOperation: Operation<'weightedSum'> = {
  name: 'weightedSum',
  shape([weights, ...terms]) {
    if (terms.length < 1 || terms.length > MOST_TERMS) {
      throw new ShapeError(`weightedSum: got ${terms.length} tensors, wanted 1 to ${MOST_TERMS}`)
    }
    if (!sameShape(weights, [terms.length])) {
      throw new ShapeError(`weightedSum: got weights ${formatShape(weights)}, wanted [${terms.length}]`)
    }
    const other = terms.find(shape => !sameShape(shape, terms[0]))
    if (other) {
      throw new ShapeError(
        `weightedSum: got ${formatShape(terms[0])} and ${formatShape(other)}, wanted tensors of one shape`,
      )
    }
    return terms[0]
  },
  traits: { ...ordinary, elementwise: [1, 2, 3, 4] },
  macs: noMacs,
  gradient([weights, ...terms], _, gradient) {
    return [
      concat(
        terms.map(term => gradient.mul(term).sum().reshape([1])),
        0,
      ),
      ...terms.map((_, i) => gradient.mul(weights.slice([i], [i + 1]).reshape([]))),
    ]
  },
  reference([weights, ...terms], output) {
    for (let i = 0; i < output.data.length; i++) {
      let sum = 0
      for (let k = 0; k < terms.length; k++) sum += weights.data[k] * terms[k].data[i]
      output.data[i] = sum
    }
  },
}

/**
 * Computes `weights[0] * tensors[0] + weights[1] * tensors[1] + ...` in one walk through memory. Optimisers and moving
 * averages are built from it.
 * @param tensors 1 to 4 tensors of one shape
 * @param weights one tensor `[tensors.length]`, or a number or scalar for each tensor
 * @throws ShapeError when they do not fit together.
 */
export function weightedSum(
  tensors: readonly Tensor[],
  weights: Tensor | readonly (Tensor | number)[],
): Tensor<'weightedSum'> {
  return new Tensor(weightedSumOperation, [vectorOf(weights), ...tensors], {})
}

function vectorOf(weights: Tensor | readonly (Tensor | number)[]): Tensor {
  if (weights instanceof Tensor) return weights
  if (weights.every(weight => typeof weight === 'number')) return constant(weights)
  return concat(
    weights.map(weight => (typeof weight === 'number' ? constant([weight]) : weight.reshape([1]))),
    0,
  )
}
