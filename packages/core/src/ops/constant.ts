import { ShapeError } from '../errors.ts'
import { noGradient, noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.ts'
import { isInMemory, toFloat32, type Weight } from '../weights/index.ts'

/** Values as 32-bit floats (`data`), or as they are stored, to be read when the backend needs them (`weight`). */
export type ConstantAttributes = {
  readonly shape: Shape
  /** The name of the parameter that this constant replaces, if any. */
  readonly name?: string
} & (
  | { readonly data: Float32Array; readonly weight?: undefined }
  | { readonly weight: Weight; readonly data?: undefined }
)

const constantOperation: Operation<'constant'> = {
  name: 'constant',
  shape(_, { shape, data }) {
    checkShape('constant', shape)
    if (data && data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `constant: got ${data.length} values for shape ${formatShape(shape)}, wanted ${sizeOf(shape)}`,
      )
    }
    return shape
  },
  traits: { ...ordinary, storage: 'lasting' },
  macs: noMacs,
  gradient: noGradient,
  reference(_, output, attributes) {
    const values = valuesIn(attributes)
    if (!values) throw new Error('constant: the values of a weight that is not in memory come from the backend')
    output.data.set(values)
  },
}

/**
 * A tensor of known values. A `Float32Array` is used without a copy: do not change it afterwards.
 * @param shape default `[data.length]`, or `[]` for a number
 * @param name of the parameter that this constant replaces
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
 * A constant whose values are computed from a weight whenever they are needed, and not kept. Keeping weights that a
 * batch norm has scaled would take their memory twice, and filling fresh memory takes longer than scaling them.
 * @param name of the parameter that this constant replaces
 */
export function weightConstant(weight: Weight, name?: string): Tensor<'constant'> {
  const { shape } = weight
  return new Tensor(constantOperation, [], { weight, shape, ...(name === undefined ? {} : { name }) })
}

/** The values of a constant that is in memory; `undefined` for anything else. */
export function knownValues(node: Tensor): Float32Array | undefined {
  return node.is('constant') ? valuesIn(node.attributes) : undefined
}

function valuesIn({ data, weight }: ConstantAttributes): Float32Array | undefined {
  return weight ? (isInMemory(weight) ? toFloat32(weight) : undefined) : data
}
