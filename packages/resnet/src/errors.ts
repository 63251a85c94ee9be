import { ResidualError } from '@residual/core'

/** A model that is not there, or that cannot do what is asked of it. */
export class ModelError extends ResidualError {
  override name = 'ModelError'
}

/** A checkpoint that cannot be written, or that is damaged, cut short or of another training. */
export class CheckpointError extends ResidualError {
  override name = 'CheckpointError'
}
