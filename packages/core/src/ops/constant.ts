import { ShapeError } from '../errors.ts'
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { defineOperation, noGradient, noMacs } from './operation.ts'

export interface ConstantAttributes {
  /** Made at every reading where there is `write`. */
  readonly data: Float32Array
  readonly shape: Shape
  /** Of the parameter that it stands for, if it does. */
  readonly name?: string
  /** Writes the values, which are kept nowhere, to where they are wanted. */
  readonly write?: (target: Float32Array) => void
}

export const constantOperation = defineOperation<ConstantAttributes>({
  shape(_, attributes) {
    const { shape, write } = attributes
    checkShape('constant', shape)
    if (write) return shape
    const { data } = attributes
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `constant: got ${data.length} values for shape ${formatShape(shape)}, wanted ${sizeOf(shape)}`,
      )
    }
    return shape
  },
  macs: noMacs,
  gradient: noGradient,
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

/**
 * Known values that are computed when they are needed, and not kept: weights made out of other weights would take
 * their memory once more, and filling fresh memory takes longer than computing them.
 * @param write fills an array of the shape's size with the values.
 */
export function computedConstant(
  shape: Shape,
  write: (target: Float32Array) => void,
  name?: string,
): Tensor<'constant'> {
  return new Tensor('constant', [], {
    get data() {
      const data = new Float32Array(sizeOf(shape))
      write(data)
      return data
    },
    shape,
    write,
    ...(name === undefined ? {} : { name }),
  })
}
