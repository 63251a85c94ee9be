import { input } from '@residual/core'
import { type Model, resnet } from '@residual/resnet'

/** How far training moved a block, or a linear layer. */
export interface Movement {
  readonly block: string
  /**
   * Length of the change of all its trained parameters, including gammas and betas, relative to their length before.
   */
  readonly change: number
  /**
   * Mean absolute value of the gammas of its last batch norm, or of its last convolution's weights if no batch norm is
   * last.
   */
  readonly scale: number
}

/** Compares the named blocks or linear layers of two networks that have the same architecture. */
export async function movementOf(before: Model, after: Model, blocks: readonly string[]): Promise<Movement[]> {
  const [olds, nows] = [await before.readParameters(), await after.readParameters()]
  const side = after.architecture.inputSize
  const { blocks: built } = resnet(after.architecture, input('images', [1, side, side, 3]))
  const scales = new Map(built.map(({ name, scaledBy }) => [name, scaledBy]))
  return blocks.map(block => {
    const names = [...olds.keys()].filter(name => name.startsWith(`${block}.`))
    let [change, length] = [0, 0]
    for (const name of names) {
      if (/\.running_(mean|var)$/.test(name)) continue
      const [old, now] = [olds.get(name)!, nows.get(name)!]
      for (let i = 0; i < old.length; i++) {
        change += (now[i] - old[i]) ** 2
        length += old[i] ** 2
      }
    }
    // A linear layer scales by its own weights.
    const weights = nows.get(`${scales.get(block) ?? block}.weight`)!
    const scale = weights.reduce((sum, value) => sum + Math.abs(value), 0) / weights.length
    return { block, change: Math.sqrt(change / length), scale }
  })
}
