import { graphOf, input } from '@residual/core'
import { architecture, defaultLabels, defaultPreprocessing, Model, resnet } from '@residual/resnet'

/** A network with untrained weights, whose batch norms have arbitrary statistics. */
export function network(name: string, changes: { readonly classes?: number } = {}): Model {
  const arch = { ...architecture(name), ...changes }
  const side = arch.inputSize
  const { parameters } = graphOf([resnet(arch, input('images', [1, side, side, 3])).logits])
  const values = parameters.map(({ attributes: { name }, shape }): [string, Float32Array] => {
    const length = shape.reduce((a, b) => a * b, 1)
    const spread = shape.length > 1 ? Math.sqrt((2 * shape[0]) / length) : 0.3
    const middle = /(bn\d?|downsample\.1)\.weight$|running_var$/.test(name) ? 0.8 : 0
    return [name, Float32Array.from({ length }, (_, i) => middle + spread * Math.sin(i * 7.3 + name.length + i * i))]
  })
  const labels = changes.classes ? Array.from({ length: changes.classes }, (_, i) => `class ${i}`) : defaultLabels(arch)
  const preprocessing = defaultPreprocessing(arch.family)
  return new Model({ name, architecture: arch, labels, preprocessing, parameters: new Map(values) })
}

/** Arbitrary normalised images. */
export const noise = (n: number, side: number): Float32Array =>
  Float32Array.from({ length: n * side * side * 3 }, (_, i) => 2 * Math.sin(i * 1.7 + Math.floor(i / 40) ** 2))
