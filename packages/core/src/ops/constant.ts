import { ShapeError } from '../errors.ts'
import { noGradient, noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.ts'
import type { Weights } from '../weights.ts'

export interface ConstantAttributes {
  /** Made at every reading where there is `stored`, and not there where that is to be read first. */
  readonly data: Float32Array
  readonly shape: Shape
  /** Of the parameter that it stands for, if it does. */
  readonly name?: string
  readonly stored?: StoredValues
}

/** Values that are nowhere as they are wanted. */
export interface StoredValues {
  readonly weights: Weights
  /** By what the weights of each output, along the first axis, are multiplied. */
  readonly scale?: Float32Array
}

export const constantOperation: Operation<'constant'> = {
  name: 'constant',
  shape(_, attributes) {
    const { shape, stored } = attributes
    checkShape('constant', shape)
    if (stored) return shape
    const { data } = attributes
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `constant: got ${data.length} values for shape ${formatShape(shape)}, wanted ${sizeOf(shape)}`,
      )
    }
    return shape
  },
  traits: { ...ordinary, storage: 'lasting' },
  macs: noMacs,
  gradient: noGradient,
  reference(_, output, { data }) {
    output.data.set(data)
  },
}

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
  return new Tensor(constantOperation, [], {
    data: values instanceof Float32Array ? values : Float32Array.from(values),
    shape: shape ? [...shape] : typeof data === 'number' ? [] : [values.length],
    ...(name === undefined ? {} : { name }),
  })
}

/**
 * Known values that are computed when they are needed, and not kept: weights made out of other weights would take
 * their memory once more, and filling fresh memory takes longer than computing them.
 */
export function storedConstant(shape: Shape, stored: StoredValues, name?: string): Tensor<'constant'> {
  return new Tensor(constantOperation, [], {
    get data() {
      const { weights, scale } = stored
      if (!(weights instanceof Float32Array)) throw new Error('constant: weights that are not read yet')
      return scale ? scaleOutputs(weights, scale) : weights
    },
    shape,
    stored,
    ...(name === undefined ? {} : { name }),
  })
}

/** The weights of each output times its factor. */
function scaleOutputs(weights: Float32Array, scale: Float32Array): Float32Array {
  const taps = weights.length / scale.length
  return weights.map((value, i) => value * scale[Math.floor(i / taps)])
}
