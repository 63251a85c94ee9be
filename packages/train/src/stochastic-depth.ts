import { input, type Tensor } from '@residual/core'
import type { Architecture } from '@residual/resnet'
import type { Random } from '@residual/vision'

const blocksOf = ({ layers }: Architecture): number => layers.reduce((a, b) => a + b, 0)

/** The probability that a block is skipped. It rises linearly to `most` for the last block (Huang et al. 2016). */
const dropProbability = (most: number, block: number, blocks: number): number => (most * (block + 1)) / blocks

/**
 * The factors of each block's residual branch under stochastic depth: a row of the input `survival` `[blocks, n]`.
 * @param batch the number of images in a batch, n.
 */
export function survivalOf(arch: Architecture, batch: number): (block: number) => Tensor {
  const survival = input('survival', [blocksOf(arch), batch])
  return block => survival.slice([block, 0], [block + 1, batch]).reshape([batch, 1, 1, 1])
}

/**
 * Draws the values of `survival`. For every block and image the value is 0, or the reciprocal of the probability that
 * it is not 0, so that the branch keeps its mean.
 */
export function drawSurvival(arch: Architecture, batch: number, most: number, random: Random): Float32Array {
  const blocks = blocksOf(arch)
  return Float32Array.from({ length: blocks * batch }, (_, i) => {
    const drop = dropProbability(most, Math.floor(i / batch), blocks)
    return random.uniform() < drop ? 0 : 1 / (1 - drop)
  })
}
