import { messageLine } from './printable.ts'

/**
 * The base class of the errors that core, and the packages that build on it, throw on purpose. Packages that do not
 * import core have their own base classes: `VisionError` and `KernelError`. The message is one line that says what was
 * wrong and, if there is a remedy, what to do; programs may print it as it is.
 */
export class ResidualError extends Error {
  override name = 'ResidualError'

  /** @param message is made printable, and shortened in the middle if it is very long */
  constructor(message: string, options?: ErrorOptions) {
    super(messageLine(message), options)
  }
}

/** Shapes or attributes that do not fit together, such as a kernel that is larger than its padded input. */
export class ShapeError extends ResidualError {
  override name = 'ShapeError'
}

/** File content that its format does not allow. */
export class FormatError extends ResidualError {
  override name = 'FormatError'
}

/** Parameters that are missing, unexpected or differ in shape from the network's. */
export class ParameterError extends ResidualError {
  override name = 'ParameterError'
}

/** An architecture name, or the keys of a checkpoint, that match no known architecture. */
export class ArchitectureError extends ResidualError {
  override name = 'ArchitectureError'
}

/** An untrusted name or text in a form that is safe in a message: quoted, on one line and of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}
