import { Tensor } from '../tensor.ts'
import { defineOperation, noMacs } from './operation.ts'

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
}

export type UnaryKind = keyof typeof functions

/** Inputs: x of any shape. */
export interface UnaryAttributes {
  readonly kind: UnaryKind
}

export const unaryOperation = defineOperation<UnaryAttributes>({
  shape: ([x]) => x,
  macs: noMacs,
  reference([x], output, { kind }) {
    const apply = functions[kind]
    for (let i = 0; i < x.data.length; i++) output.data[i] = apply(x.data[i])
  },
})

/** Applies one function to every element. */
export function unary(kind: UnaryKind, x: Tensor): Tensor<'unary'> {
  return new Tensor('unary', [x], { kind })
}

/** `max(x, 0)` of every element. */
export function relu(x: Tensor): Tensor {
  return unary('relu', x)
}
