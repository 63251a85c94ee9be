import type { Model } from '@residual/resnet'

/** How far training moved a block, or a linear layer. */
export interface Movement {
  readonly block: string
  /** Length of the change of all that is trained in it, gammas and betas too, relative to its length before. */
  readonly change: number
  /** Mean size of the gammas of its last batch norm, or where none is last of its last convolution's weights. */
  readonly scale: number
}

/** Compares blocks or linear layers of two networks of one architecture; which ones is said by their names. */
export function movementOf(before: Model, after: Model, blocks: readonly string[]): Movement[] {
  return blocks.map(block => {
    const names = [...before.parameters.keys()].filter(name => name.startsWith(`${block}.`))
    const convolutions = names.filter(name => name === `${block}.weight` || /\.conv\d\.weight$/.test(name))
    let [change, length] = [0, 0]
    for (const name of names) {
      if (/\.running_(mean|var)$/.test(name)) continue
      const [old, now] = [before.parameters.get(name)!, after.parameters.get(name)!]
      for (let i = 0; i < old.length; i++) {
        change += (now[i] - old[i]) ** 2
        length += old[i] ** 2
      }
    }
    const { preActivation, norm } = after.architecture
    const last = convolutions[convolutions.length - 1]
    const hasNorm = !preActivation && norm === 'batch' && last !== `${block}.weight`
    const scales = after.parameters.get(hasNorm ? `${block}.bn${convolutions.length}.weight` : last)!
    const scale = scales.reduce((sum, value) => sum + Math.abs(value), 0) / scales.length
    return { block, change: Math.sqrt(change / length), scale }
  })
}
