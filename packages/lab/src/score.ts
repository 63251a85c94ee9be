import { crossEntropyOf } from '@residual/resnet'

/** How well logits predict their labels. */
export interface Score {
  /** The number of images whose label has the largest logit. */
  readonly right: number
  /** For each image, whether its label has the largest logit. */
  readonly isRight: readonly boolean[]
  /** Sum of the cross-entropies in nats. */
  readonly loss: number
}

/** Scores logits `[n, classes]` against their labels. */
export function score(logits: Float32Array, labels: ArrayLike<number>): Score {
  const classes = logits.length / labels.length
  const isRight: boolean[] = []
  let loss = 0
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    // Among equal logits, the first counts as the largest, as in argmax.
    isRight.push(row.indexOf(Math.max(...row)) === labels[i])
    loss += crossEntropyOf(row, labels[i])
  }
  return { right: isRight.filter(Boolean).length, isRight, loss }
}
