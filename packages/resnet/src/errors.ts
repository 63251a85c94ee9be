import { ResidualError } from '@residual/core'

/** A model that does not exist or cannot be loaded or used as requested. */
export class ModelError extends ResidualError {
  override name = 'ModelError'
}

/** A file that cannot be written, or a checkpoint that is damaged, cut short or of another training. */
export class CheckpointError extends ResidualError {
  override name = 'CheckpointError'
}
