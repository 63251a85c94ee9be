import { graphOf, input, type Parameters } from '@residual/core'
import { Random } from '@residual/vision'
import type { Architecture } from '../architectures.ts'
import { resnet } from '../network.ts'

export interface InitializeOptions {
  /** Another seed gives other weights; default 0. */
  readonly seed?: number
  /**
   * Let every block start as the identity, default false: the gamma of its last batch norm is 0 (Goyal et al. 2017), in
   * pre-activation networks, where none is last, the weights of its last convolution. Plain networks stay as they are.
   */
  readonly zeroInitResidual?: boolean
}

/**
 * Weights to start a training from, as torchvision sets them: convolutions are normally distributed with variance
 * 2 / fan-out (He et al. 2015, "Delving Deep into Rectifiers"), the classifier uniformly within 1 / sqrt(fan-in), batch
 * norms scale by 1 and shift by 0, running means are 0 and running variances 1. A layer's weights depend on the seed and
 * its name alone.
 */
export function initialParameters(
  arch: Architecture,
  { seed = 0, zeroInitResidual = false }: InitializeOptions = {},
): Parameters {
  const side = arch.inputSize
  const { parameters } = graphOf([resnet(arch, input('images', [1, side, side, 3])).logits])
  const zeros = zeroInitResidual && arch.shortcut !== 'none' ? lastOfBlocks(arch) : undefined
  const features = parameters.find(({ attributes }) => attributes.name === 'fc.weight')!.shape[1]
  return new Map(
    parameters.map(({ attributes: { name }, shape }) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
      const random = new Random(seed).fork('initialize', name)
      if (zeros?.test(name)) return [name, values]
      if (shape.length === 4) {
        const deviation = Math.sqrt(2 / (shape[0] * shape[2] * shape[3]))
        return [name, values.map(() => deviation * random.normal())]
      }
      if (name.startsWith('fc.')) return [name, values.map(() => (2 * random.uniform() - 1) / Math.sqrt(features))]
      return [name, values.fill(name.endsWith('.weight') || name.endsWith('.running_var') ? 1 : 0)]
    }),
  )
}

/** Names of what scales the output of a block's last layer. */
function lastOfBlocks({ preActivation, block }: Architecture): RegExp {
  const last = block === 'basic' ? 2 : 3
  return new RegExp(`^layer\\d+\\.\\d+\\.${preActivation ? 'conv' : 'bn'}${last}\\.weight$`)
}
