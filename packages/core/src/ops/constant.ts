import { ShapeError } from '../errors.ts'
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { defineOperation, noMacs } from './operation.ts'

export interface ConstantAttributes {
  readonly data: Float32Array
  readonly shape: Shape
  /** Of the parameter that it stands for, if it does. */
  readonly name?: string
}

export const constantOperation = defineOperation<ConstantAttributes>({
  shape(_, { data, shape }) {
    checkShape('constant', shape)
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `constant: got ${data.length} values for shape ${formatShape(shape)}, wanted ${sizeOf(shape)}`,
      )
    }
    return shape
  },
  macs: noMacs,
  reference(_, output, { data }) {
    output.data.set(data)
  },
})

/**
 * Known values. A `Float32Array` is used as it is, not copied: do not change it afterwards.
 * @param shape default `[data.length]`, or `[]` for a number.
 * @param name of the parameter that it stands for
 * @throws ShapeError when the number of values is not the size of the shape.
 */
export function constant(
  data: Float32Array | readonly number[] | number,
  shape?: Shape,
  name?: string,
): Tensor<'constant'> {
  const values = typeof data === 'number' ? [data] : data
  return new Tensor('constant', [], {
    data: values instanceof Float32Array ? values : Float32Array.from(values),
    shape: shape ? [...shape] : typeof data === 'number' ? [] : [values.length],
    ...(name === undefined ? {} : { name }),
  })
}
