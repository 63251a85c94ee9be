import { ParameterError } from './errors.ts'
import type { Tensor } from './graph/tensor.ts'
import { parameter } from './ops/parameter.ts'
import { formatShape, type Shape, sameShape } from './shape.ts'

/**
 * A place in the tree of a network's parameter names: `new Scope().at('layer1').at('0').parameter('weight', shape)` is
 * named `layer1.0.weight`. A tree returns the same tensor whenever it gets the same name, so that weights can be
 * shared.
 */
export class Scope {
  readonly prefix: string
  #made = new Map<string, Tensor<'parameter'>>()

  /** @param prefix path of this scope; default the root */
  constructor(prefix = '') {
    this.prefix = prefix
  }

  /** The scope `name` below this one. */
  at(name: string): Scope {
    const scope = new Scope(this.#path(name))
    scope.#made = this.#made
    return scope
  }

  /**
   * A trainable parameter of this scope.
   * @throws ParameterError when the name already belongs to a parameter of another shape or to a buffer.
   */
  parameter(name: string, shape: Shape): Tensor<'parameter'> {
    return this.#make(name, shape, true)
  }

  /**
   * A value that is stored with the weights but not trained, such as `running_mean`.
   * @throws ParameterError when the name already belongs to a buffer of another shape or to a parameter.
   */
  buffer(name: string, shape: Shape): Tensor<'parameter'> {
    return this.#make(name, shape, false)
  }

  #path(name: string): string {
    return this.prefix === '' ? name : `${this.prefix}.${name}`
  }

  #make(name: string, shape: Shape, trainable: boolean): Tensor<'parameter'> {
    const path = this.#path(name)
    const made = this.#made.get(path) ?? parameter(path, shape, { trainable })
    if (!sameShape(made.shape, shape) || made.attributes.trainable !== trainable) {
      const kind = (isTrainable: boolean) => (isTrainable ? 'parameter' : 'buffer')
      throw new ParameterError(
        `scope: got '${path}' as a ${kind(trainable)} ${formatShape(shape)}, wanted the existing ${kind(made.attributes.trainable)} ${formatShape(made.shape)}`,
      )
    }
    this.#made.set(path, made)
    return made
  }
}
