import { ResidualError } from '@residual/core'

/** A recipe that says something impossible, or something this package does not know. */
export class RecipeError extends ResidualError {
  override name = 'RecipeError'
}

/** A training whose parts do not fit together, or whose place on disk is taken or empty. */
export class TrainingError extends ResidualError {
  override name = 'TrainingError'
}

/** The loss of a training became NaN or infinite. The last checkpoint is as it was. */
export class DivergenceError extends TrainingError {
  override name = 'DivergenceError'

  constructor(
    message: string,
    /** The step, counted from 1, whose loss is not finite; its update was not made. */
    readonly step: number,
    /** Where in the forward pass it began: the first layer whose output, or weights, are not finite. */
    readonly layer: string,
  ) {
    super(message)
  }
}
