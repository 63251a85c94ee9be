import type { Model } from '@residual/resnet'

/** How far training moved a block, or a linear layer. */
export interface Movement {
  readonly block: string
  /** Length of the change of all its trained parameters, including gammas and betas, relative to their length before. */
  readonly change: number
  /** Mean size of the gammas of its last batch norm, or of its last convolution's weights if no batch norm is last. */
  readonly scale: number
}

/** Compares blocks or linear layers of two networks of one architecture; which ones is said by their names. */
export async function movementOf(before: Model, after: Model, blocks: readonly string[]): Promise<Movement[]> {
  const [olds, nows] = [await before.readParameters(), await after.readParameters()]
  return blocks.map(block => {
    const names = [...olds.keys()].filter(name => name.startsWith(`${block}.`))
    const convolutions = names.filter(name => name === `${block}.weight` || /\.conv\d\.weight$/.test(name))
    let [change, length] = [0, 0]
    for (const name of names) {
      if (/\.running_(mean|var)$/.test(name)) continue
      const [old, now] = [olds.get(name)!, nows.get(name)!]
      for (let i = 0; i < old.length; i++) {
        change += (now[i] - old[i]) ** 2
        length += old[i] ** 2
      }
    }
    const { preActivation, norm } = after.architecture
    const last = convolutions[convolutions.length - 1]
    const hasNorm = !preActivation && norm === 'batch' && last !== `${block}.weight`
    const scales = nows.get(hasNorm ? `${block}.bn${convolutions.length}.weight` : last)!
    const scale = scales.reduce((sum, value) => sum + Math.abs(value), 0) / scales.length
    return { block, change: Math.sqrt(change / length), scale }
  })
}
