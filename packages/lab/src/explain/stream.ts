import { concat, type Tensor } from '@residual/core'
import type { Network } from '@residual/resnet'

/** What is computed of the stream that runs through the blocks of a residual network. */
export interface Stream {
  /** `[blocks, 4]`: the sums of F squared, of the shortcut squared, of their product, and of what H differs from the shortcut, squared. */
  readonly sums: Tensor
  /** `[blocks + 1, classes]`: the logits of the stream before the first block and after each one. */
  readonly logits: Tensor
}

/** The stream of a network; undefined if it has no shortcuts. */
export function streamOf(network: Network): Stream | undefined {
  const sums = sumsOf(network)
  return sums && { sums, logits: logitsByDepth(network) }
}

function sumsOf({ blocks }: Network): Tensor | undefined {
  const rows: Tensor[] = []
  for (const { branch, sum, shortcut, output } of blocks) {
    if (!shortcut) return undefined
    const change = output === sum ? branch : output.sub(shortcut)
    const products = [branch.square(), shortcut.square(), branch.mul(shortcut), change.square()]
    rows.push(...products.map(product => product.sum().reshape([1])))
  }
  return concat(rows, 0).reshape([blocks.length, 4])
}

/**
 * Pools and classifies the stream at every depth as if the blocks after it added nothing: their shortcuts alone carry
 * it on, which is what makes its width that of the classifier. Where a shortcut is its input, it has nothing to do: the
 * ReLU after it finds what a ReLU has left already.
 */
function logitsByDepth({ blocks, logits, embedding }: Network): Tensor {
  const end = blocks[blocks.length - 1].output
  const carriers = blocks
    .map((block, i) => ({ ...block, place: i + 1 }))
    .filter(({ shortcut, input }) => shortcut !== input)
  const pooled = [blocks[0].input, ...blocks.map(({ output }) => output)].map((tensor, depth) => {
    let stream = tensor
    for (const { input, output, sum, shortcut, place } of carriers) {
      if (place <= depth) continue
      const carried = rebuilt(shortcut!, input, stream)
      stream = output === sum ? carried : carried.relu()
    }
    return rebuilt(embedding, end, stream)
  })
  return rebuilt(logits, embedding, concat(pooled, 0))
}

/** The few operations from one tensor to another, applied to something else. */
function rebuilt(tensor: Tensor, from: Tensor, to: Tensor): Tensor {
  if (tensor === from) return to
  if (tensor.inputs.length === 0) return tensor
  const inputs = tensor.inputs.map(input => rebuilt(input, from, to))
  return tensor.with(inputs)
}
