import { messageLine } from './printable.ts'

/**
 * The base of the errors that core, and the packages that build on it, throw on purpose. Packages that do not import
 * core have bases of their own: `VisionError` and `KernelError`. The message is one line that says what was wrong and, if
 * something can be done about it, what to do; programs may print it as it is.
 */
export class ResidualError extends Error {
  override name = 'ResidualError'

  /** @param message made printable, and shortened in its middle where it is very long. */
  constructor(message: string, options?: ErrorOptions) {
    super(messageLine(message), options)
  }
}

/** Shapes or attributes that do not fit together, such as a kernel that is larger than its padded input. */
export class ShapeError extends ResidualError {
  override name = 'ShapeError'
}

/** The content of a file is not what its format allows. */
export class FormatError extends ResidualError {
  override name = 'FormatError'
}

/** Parameters that are missing, unexpected or of another shape than the network's. */
export class ParameterError extends ResidualError {
  override name = 'ParameterError'
}

/** The name of an architecture, or the keys of a checkpoint, that no known architecture has. */
export class ArchitectureError extends ResidualError {
  override name = 'ArchitectureError'
}

/** An untrusted name or text as it may stand in a message: quoted, on one line and of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}
