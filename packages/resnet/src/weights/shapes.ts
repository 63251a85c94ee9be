import { graphOf, input, type Shape } from '@residual/core'
import type { Architecture } from '../architectures.ts'
import { resnet } from '../network.ts'

/** The shape of every parameter of a network, by name, in the order in which it computes with them. */
export function shapesOf(arch: Architecture): Map<string, Shape> {
  const { logits } = resnet(arch, input('images', [1, arch.inputSize, arch.inputSize, 3]))
  return new Map(graphOf([logits]).parameters.map(({ attributes, shape }) => [attributes.name, shape]))
}
