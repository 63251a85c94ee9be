import { broadcastShapes, broadcastStrides, walk } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { constant } from './constant.ts'
import { defineOperation, noMacs } from './operation.ts'

const functions = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
}

export type BinaryKind = keyof typeof functions

/** Inputs: a and b of shapes that broadcast as in NumPy. */
export interface BinaryAttributes {
  readonly kind: BinaryKind
}

export const binaryOperation = defineOperation<BinaryAttributes>({
  shape: ([a, b], { kind }) => broadcastShapes(kind, a, b),
  macs: noMacs,
  reference([a, b], output, { kind }) {
    const apply = functions[kind]
    const strides = [broadcastStrides(a.shape, output.shape), broadcastStrides(b.shape, output.shape)]
    walk(output.shape, strides, (index, [i, j]) => {
      output.data[index] = apply(a.data[i], b.data[j])
    })
  },
})

/**
 * Applies one function to every pair of elements, with NumPy's broadcasting; a number stands for a scalar tensor.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function binary(kind: BinaryKind, a: Tensor | number, b: Tensor | number): Tensor<'binary'> {
  const tensor = (value: Tensor | number) => (typeof value === 'number' ? constant(value) : value)
  return new Tensor('binary', [tensor(a), tensor(b)], { kind })
}
