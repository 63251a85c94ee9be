/** How well logits name their labels. */
export interface Score {
  /** Of how many images the label has the largest logit. */
  readonly right: number
  /** Of which images. */
  readonly isRight: readonly boolean[]
  /** Sum of the cross-entropies in nats. */
  readonly loss: number
}

/** How well logits `[n, classes]` name their labels. */
export function score(logits: Float32Array, labels: ArrayLike<number>): Score {
  const classes = logits.length / labels.length
  const isRight: boolean[] = []
  let loss = 0
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    const largest = Math.max(...row)
    // Of equal logits the first counts as the larger, as in argmax.
    isRight.push(row.indexOf(largest) === labels[i])
    loss += largest - row[labels[i]] + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0))
  }
  return { right: isRight.filter(Boolean).length, isRight, loss }
}
