import { graphOf, input, type Parameters } from '@residual/core'
import { architecture } from '../src/architectures.ts'
import type { ModelParts } from '../src/model.ts'
import { resnet } from '../src/network.ts'
import { defaultPreprocessing } from '../src/preprocessing.ts'

/** The parts of a small model with the given labels. `fill` returns the weights; any will do. */
export function parts(fill: (name: string, i: number) => number = defaultFill, labels = ['left', 'right']): ModelParts {
  const arch = { ...architecture('resnet8'), classes: labels.length }
  const { parameters } = graphOf([resnet(arch, input('images', [1, 32, 32, 3])).logits])
  const values: Parameters = new Map(
    parameters.map(({ attributes: { name }, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1)
      return [name, Float32Array.from({ length }, (_, i) => fill(name, i))]
    }),
  )
  const preprocessing = defaultPreprocessing('cifar')
  return { name: 'tiny', architecture: arch, labels, preprocessing, parameters: values }
}

const defaultFill = (name: string, i: number) => (name.endsWith('running_var') ? 1 : Math.sin(i * 7 + name.length) / 4)
