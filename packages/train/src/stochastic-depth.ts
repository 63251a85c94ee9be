import { input, type Tensor } from '@residual/core'
import type { Architecture } from '@residual/resnet'
import type { Random } from '@residual/vision'

const blocksOf = ({ layers }: Architecture): number => layers.reduce((a, b) => a + b, 0)

/** Probability that a block is left out, from 0 for what precedes the first one to `most` for the last (Huang et al. 2016). */
const dropProbability = (most: number, block: number, blocks: number): number => (most * (block + 1)) / blocks

/**
 * What scales the residual branch of each block under stochastic depth: a row of the input `survival` `[blocks, n]`.
 * @param batch images in a batch, n
 */
export function survivalOf(arch: Architecture, batch: number): (block: number) => Tensor {
  const survival = input('survival', [blocksOf(arch), batch])
  return block => survival.slice([block, 0], [block + 1, batch]).reshape([batch, 1, 1, 1])
}

/**
 * Values of `survival`: for every block and image 0, or the reciprocal of the probability that it is not 0, so that the
 * branch is the same on average.
 */
export function drawSurvival(arch: Architecture, batch: number, most: number, random: Random): Float32Array {
  const blocks = blocksOf(arch)
  return Float32Array.from({ length: blocks * batch }, (_, i) => {
    const drop = dropProbability(most, Math.floor(i / batch), blocks)
    return random.uniform() < drop ? 0 : 1 / (1 - drop)
  })
}
