import { ResidualError } from '@residual/core'

/** A model that is not there, or that cannot do what is asked of it. */
export class ModelError extends ResidualError {
  override name = 'ModelError'
}
