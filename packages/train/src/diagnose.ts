import { type CompileOptions, compile, graphOf, type Parameters, type Tensor } from '@residual/core'
import { networkOf, type StepOptions } from './step.ts'

/**
 * The first layer with a value that is not finite, and the part of it that has the value, as a subject and its verb.
 */
export interface Culprit {
  readonly layer: string
  readonly what: string
}

const layerOf = (parameter: string): string => parameter.replace(/\.[^.]+$/, '')

/**
 * Finds the origin of a loss that is not finite: the first layer, in the order of computation, whose weights or output
 * hold a NaN or an infinity.
 * @param inputs all inputs of the run; only those of the network are used.
 */
export async function firstNotFinite(
  options: StepOptions,
  parameters: Parameters,
  inputs: Readonly<Record<string, Float32Array>>,
  compileOptions: CompileOptions,
): Promise<Culprit> {
  if (!inputs.images.every(Number.isFinite)) return { layer: 'images', what: 'the images are' }
  const { logits } = networkOf(options)
  const graph = graphOf([logits])
  const layers = graph.nodes.flatMap(node => {
    const names = node.inputs.flatMap(tensor => (tensor.is('parameter') ? [tensor.attributes.name] : []))
    return names.length === 0 ? [] : [{ node, names }]
  })
  // 0 if all values are finite, otherwise NaN.
  const outputs = Object.fromEntries(layers.map(({ node }, i): [string, Tensor] => [String(i), node.mul(0).sum()]))
  const program = await compile({ outputs, parameters }, compileOptions)
  try {
    const taken = graph.inputs.map(({ attributes: { name } }) => [name, inputs[name]] as const)
    const sums = await program.run(Object.fromEntries(taken))
    for (const [i, { names }] of layers.entries()) {
      const weight = names.find(name => !parameters.get(name)?.every(Number.isFinite))
      if (weight) return { layer: layerOf(weight), what: `the weights ${weight} are` }
      const layer = layerOf(names[0])
      if (Number.isNaN(sums[i][0])) return { layer, what: `the output of ${layer} is` }
    }
    return { layer: 'loss', what: 'the loss itself is' }
  } finally {
    program[Symbol.dispose]()
  }
}
