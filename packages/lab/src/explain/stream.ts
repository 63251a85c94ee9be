import { concat, type Tensor } from '@residual/core'
import type { Network } from '@residual/resnet'

/** What is computed from the stream that runs through the blocks of a residual network. */
export interface Stream {
  /**
   * `[blocks, 4]`: for each block the sums of F squared, of the shortcut squared, of their product, and of the squared
   * difference between H and the shortcut.
   */
  readonly sums: Tensor
  /** `[blocks + 1, classes]`: the logits of the stream before the first block and after each one. */
  readonly logits: Tensor
}

/**
 * The stream of a network; undefined if it has no shortcuts.
 * @param isIdempotent whether the activation after a sum changes nothing in what has been through it before.
 */
export function streamOf(network: Network, isIdempotent: boolean): Stream | undefined {
  const sums = sumsOf(network)
  return sums && { sums, logits: logitsByDepth(network, isIdempotent) }
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
 * Pools and classifies the stream at every depth as if the later blocks added nothing: their shortcuts alone carry it
 * on, and give it the width that the classifier needs. Blocks whose shortcut is the identity are skipped if the
 * activation after them changes nothing, since the stream has already been through one.
 */
function logitsByDepth({ blocks, logits, embedding }: Network, isIdempotent: boolean): Tensor {
  const end = blocks[blocks.length - 1].output
  const carriers = blocks
    .map((block, i) => ({ ...block, place: i + 1 }))
    .filter(({ shortcut, input, sum, output }) => shortcut !== input || (output !== sum && !isIdempotent))
  const pooled = [blocks[0].input, ...blocks.map(({ output }) => output)].map((tensor, depth) => {
    let stream = tensor
    for (const { input, output, sum, shortcut, place } of carriers) {
      if (place <= depth) continue
      stream = rebuilt(output, sum!, rebuilt(shortcut!, input, stream))
    }
    return rebuilt(embedding, end, stream)
  })
  return rebuilt(logits, embedding, concat(pooled, 0))
}

/** Applies the operations that lead from one tensor to another to a third tensor. */
function rebuilt(tensor: Tensor, from: Tensor, to: Tensor): Tensor {
  if (tensor === from) return to
  if (tensor.inputs.length === 0) return tensor
  const inputs = tensor.inputs.map(input => rebuilt(input, from, to))
  return tensor.with(inputs)
}
