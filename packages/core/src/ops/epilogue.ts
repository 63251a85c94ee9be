import { ShapeError } from '../errors.ts'
import type { Values } from '../graph/operation.ts'
import { formatShape, type Shape, sameShape } from '../shape.ts'

export type Activation = 'none' | 'relu'

/**
 * What a convolution or matrix product does to its sums before it stores them:
 * `activation(sum + bias + residual)`. The passes make it out of the additions and ReLU that follow in the graph.
 */
export interface Epilogue {
  /** The third input is added along the last axis; its shape is that of the last axis. */
  readonly bias: boolean
  /** The last input, of the output's shape, is added. */
  readonly residual: boolean
  readonly activation: Activation
}

export const noEpilogue: Epilogue = { bias: false, residual: false, activation: 'none' }

/** Throws unless the inputs after the first two are what the epilogue says. */
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

/** Returns `(sum, index) => value`: the epilogue applied to the sum that belongs at `index` of the output. */
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
