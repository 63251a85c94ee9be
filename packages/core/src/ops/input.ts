import { ShapeError } from '../errors.ts'
import { noGradient, noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { checkShape, type Shape } from '../shape.ts'

export interface InputAttributes {
  readonly name: string
  readonly shape: Shape
}

const inputOperation: Operation<'input'> = {
  name: 'input',
  shape(_, { name, shape }) {
    if (name === '') throw new ShapeError('input: got an empty name, wanted the name that run() will use')
    checkShape(`input '${name}'`, shape)
    return shape
  },
  traits: { ...ordinary, storage: 'given' },
  macs: noMacs,
  gradient: noGradient,
  reference() {
    throw new Error('input: the value of an input comes from the caller')
  },
}

/**
 * A tensor of 32-bit floats that every run of the program receives under `name`.
 * @throws ShapeError when the name is empty or the shape is not 0 to 6 non-negative integers.
 */
export function input(name: string, shape: Shape): Tensor<'input'> {
  return new Tensor(inputOperation, [], { name, shape: [...shape] })
}
