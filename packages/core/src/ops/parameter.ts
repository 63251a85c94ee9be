import { ShapeError } from '../errors.ts'
import { noGradient, noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { checkShape, type Shape } from '../shape.ts'

export interface ParameterAttributes {
  readonly name: string
  readonly shape: Shape
  /** False for buffers such as running means, which are stored with the weights but not learned. */
  readonly trainable: boolean
}

const parameterOperation: Operation<'parameter'> = {
  name: 'parameter',
  shape(_, { name, shape }) {
    if (name === '') throw new ShapeError('parameter: got an empty name, wanted the name it has in weight files')
    checkShape(`parameter '${name}'`, shape)
    return shape
  },
  traits: { ...ordinary, storage: 'lasting' },
  macs: noMacs,
  gradient: noGradient,
  reference() {
    throw new Error('parameter: the value of a parameter comes from the caller')
  },
}

/**
 * A parameter of the network, whose value `compile` gets under `name`.
 * @param options.trainable whether training learns it and `parameterCount` counts it; default true
 * @throws ShapeError when the name is empty or the shape is not 0 to 6 non-negative integers.
 */
export function parameter(name: string, shape: Shape, options: { trainable?: boolean } = {}): Tensor<'parameter'> {
  return new Tensor(parameterOperation, [], { name, shape: [...shape], trainable: options.trainable ?? true })
}
