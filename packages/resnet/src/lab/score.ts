/** How well logits `[n, classes]` name their labels: how many have the largest logit, and the sum of the cross-entropies. */
export function score(logits: Float32Array, labels: ArrayLike<number>): { right: number; loss: number } {
  const classes = logits.length / labels.length
  let [right, loss] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    const largest = Math.max(...row)
    // Of equal logits the first counts as the larger, as in argmax.
    if (row.indexOf(largest) === labels[i]) right++
    loss += largest - row[labels[i]] + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0))
  }
  return { right, loss }
}
