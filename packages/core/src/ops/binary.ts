import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { broadcastShapes, broadcastStrides, walk } from '../shape.ts'
import { sumTo } from './broadcast.ts'
import { constant } from './constant.ts'

const functions = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
  gate: (a: number, b: number) => (b > 0 ? a : 0),
}

export type BinaryKind = keyof typeof functions

type Derivatives = (a: Tensor, b: Tensor, y: Tensor, gradient: Tensor) => readonly (Tensor | undefined)[]

/**
 * The gradients of a and b as if they had the output's shape. On ties of maximum and minimum each gets half, as in
 * PyTorch.
 */
const derivatives: { readonly [Kind in BinaryKind]: Derivatives } = {
  add: (_, __, ___, gradient) => [gradient, gradient],
  sub: (_, __, ___, gradient) => [gradient, gradient.neg()],
  mul: (a, b, _, gradient) => [gradient.mul(b), gradient.mul(a)],
  div: (_, b, y, gradient) => [gradient.div(b), gradient.mul(y).div(b).neg()],
  maximum: (a, b, _, gradient) => shareOut(gradient, a.sub(b)),
  minimum: (a, b, _, gradient) => shareOut(gradient, b.sub(a)),
  gate: (_, b, __, gradient) => [gate(gradient, b), undefined],
}

/**
 * Splits the gradient between two operands: the first gets all where `ahead` is positive, none where negative, else
 * half.
 */
function shareOut(gradient: Tensor, ahead: Tensor): readonly Tensor[] {
  const [first, second] = [gate(gradient, ahead), gate(gradient, ahead.neg())]
  const half = gradient.sub(first).sub(second).mul(0.5)
  return [first.add(half), second.add(half)]
}

/** Inputs: a and b of shapes that broadcast as in NumPy. */
export interface BinaryAttributes {
  readonly kind: BinaryKind
}

const binaryOperation: Operation<'binary'> = {
  name: 'binary',
  shape: ([a, b], { kind }) => broadcastShapes(kind, a, b),
  traits: { ...ordinary, elementwise: [0, 1] },
  macs: noMacs,
  gradient: ([a, b], y, gradient, { kind }) => {
    const [ofA, ofB] = derivatives[kind](a, b, y, gradient)
    return [ofA && sumTo(ofA, a.shape), ofB && sumTo(ofB, b.shape)]
  },
  reference([a, b], output, { kind }) {
    const apply = functions[kind]
    const strides = [broadcastStrides(a.shape, output.shape), broadcastStrides(b.shape, output.shape)]
    walk(output.shape, strides, (index, [i, j]) => {
      output.data[index] = apply(a.data[i], b.data[j])
    })
  },
}

/**
 * Applies one function to every pair of elements, with NumPy's broadcasting; a number is a scalar tensor.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function binary(kind: BinaryKind, a: Tensor | number, b: Tensor | number): Tensor<'binary'> {
  const tensor = (value: Tensor | number) => (typeof value === 'number' ? constant(value) : value)
  return new Tensor(binaryOperation, [tensor(a), tensor(b)], { kind })
}

/**
 * Returns a where b is positive and 0 elsewhere, with NumPy's broadcasting. No gradient flows to b.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function gate(a: Tensor | number, b: Tensor | number): Tensor {
  return binary('gate', a, b)
}
