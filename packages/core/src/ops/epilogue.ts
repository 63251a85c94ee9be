import { ShapeError } from '../errors.ts'
import type { Values } from '../graph/operation.ts'
import { formatShape, type Shape, sameShape } from '../shape.ts'

export type Activation = 'none' | 'relu'

/**
 * The operations that a convolution or matrix product applies to its sums before it stores them:
 * `activation(sum + bias + residual)`. The passes build it from the additions and the ReLU that follow in the graph.
 */
export interface Epilogue {
  /** The third input, a vector as long as the last axis, is added along that axis. */
  readonly bias: boolean
  /** The last input, of the output's shape, is added. */
  readonly residual: boolean
  readonly activation: Activation
}

export const noEpilogue: Epilogue = { bias: false, residual: false, activation: 'none' }

/** Throws a ShapeError unless the inputs after the first two match the epilogue. */
export function checkEpilogue(operation: string, inputs: readonly Shape[], output: Shape, epilogue: Epilogue): void {
  const wanted = 2 + Number(epilogue.bias) + Number(epilogue.residual)
  if (inputs.length !== wanted) {
    throw new ShapeError(`${operation}: got ${inputs.length} inputs, wanted ${wanted}`)
  }
  const channels = output.slice(-1)
  if (epilogue.bias && !sameShape(inputs[2], channels)) {
    throw new ShapeError(`${operation}: got bias ${formatShape(inputs[2])}, wanted ${formatShape(channels)}`)
  }
  if (epilogue.residual && !sameShape(inputs[wanted - 1], output)) {
    throw new ShapeError(`${operation}: got residual ${formatShape(inputs[wanted - 1])}, wanted ${formatShape(output)}`)
  }
}

/** Returns `(sum, index) => value`, which applies the epilogue to the sum for element `index` of the output. */
export function epilogueOf(
  inputs: readonly Values[],
  output: Values,
  { bias, residual, activation }: Epilogue,
): (sum: number, index: number) => number {
  const channels = output.shape[output.shape.length - 1]
  const biases = bias ? inputs[2].data : undefined
  const residuals = residual ? inputs[inputs.length - 1].data : undefined
  return (sum, index) => {
    let value = sum
    if (biases) value += biases[index % channels]
    if (residuals) value += residuals[index]
    return activation === 'relu' ? Math.max(value, 0) : value
  }
}
