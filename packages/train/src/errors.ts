import { ResidualError } from '@residual/core'

/** A recipe that asks for something impossible, or for something that this package does not know. */
export class RecipeError extends ResidualError {
  override name = 'RecipeError'
}

/** A training whose parts do not fit together, or whose directory is in use or empty. */
export class TrainingError extends ResidualError {
  override name = 'TrainingError'
}

/** The loss of a training became NaN or infinite. The last checkpoint is kept. */
export class DivergenceError extends TrainingError {
  override name = 'DivergenceError'

  constructor(
    message: string,
    /** The step, counted from 1, whose loss is not finite; it did not change the weights. */
    readonly step: number,
    /** The first layer of the forward pass whose output or weights are not finite. */
    readonly layer: string,
  ) {
    super(message)
  }
}
