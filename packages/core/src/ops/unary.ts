import { noMacs, type Operation, ordinary } from '../graph/operation.ts'
import { Tensor } from '../graph/tensor.ts'
import { gate } from './binary.ts'

type Derivative = (x: Tensor, y: Tensor, gradient: Tensor) => Tensor

const functions = {
  relu: (x: number) => Math.max(x, 0),
  neg: (x: number) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x: number) => x * x,
  reciprocal: (x: number) => 1 / x,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  silu: (x: number) => x / (1 + Math.exp(-x)),
}

export type UnaryKind = keyof typeof functions

/**
 * The gradient of x, from x, y = f(x) and the gradient of y. It is 0 where relu or abs has no derivative, as in
 * PyTorch.
 */
const derivatives: { readonly [Kind in UnaryKind]: Derivative } = {
  relu: (_, y, gradient) => gate(gradient, y),
  neg: (_, __, gradient) => gradient.neg(),
  abs: (x, _, gradient) => gate(gradient, x).sub(gate(gradient, x.neg())),
  exp: (_, y, gradient) => gradient.mul(y),
  log: (x, _, gradient) => gradient.div(x),
  sqrt: (_, y, gradient) => gradient.div(y).mul(0.5),
  square: (x, _, gradient) => gradient.mul(x).mul(2),
  reciprocal: (_, y, gradient) => gradient.mul(y.square()).neg(),
  sigmoid: (_, y, gradient) => gradient.mul(y.sub(y.square())),
  tanh: (_, y, gradient) => gradient.sub(gradient.mul(y.square())),
  silu(x, y, gradient) {
    const s = x.sigmoid()
    return gradient.mul(s.add(y.sub(y.mul(s))))
  },
}

/** Inputs: x of any shape. */
export interface UnaryAttributes {
  readonly kind: UnaryKind
}

const unaryOperation: Operation<'unary'> = {
  name: 'unary',
  shape: ([x]) => x,
  traits: { ...ordinary, elementwise: [0] },
  macs: noMacs,
  gradient: ([x], y, gradient, { kind }) => [derivatives[kind](x, y, gradient)],
  reference([x], output, { kind }) {
    const apply = functions[kind]
    for (let i = 0; i < x.data.length; i++) output.data[i] = apply(x.data[i])
  },
}

/** Applies one function to every element. */
export function unary(kind: UnaryKind, x: Tensor): Tensor<'unary'> {
  return new Tensor(unaryOperation, [x], { kind })
}

/** `max(x, 0)` of every element. */
export function relu(x: Tensor): Tensor {
  return unary('relu', x)
}
