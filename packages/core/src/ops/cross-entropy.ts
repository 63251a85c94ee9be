import { ShapeError } from '../errors.ts'
import type { Tensor } from '../graph/tensor.ts'
import { formatShape, sameShape } from '../shape.ts'

/**
 * The mean over a batch of `-sum(targets * log(softmax(logits)))`, as PyTorch's `cross_entropy` with class
 * probabilities.
 * @param logits `[n, classes]`
 * @param targets `[n, classes]`, a probability for each class: a single 1 and zeros, or a mixture
 * @param options `labelSmoothing`: share of the targets that is spread evenly over all classes (Szegedy et al. 2016),
 *   from 0 to 1, default 0
 * @returns a scalar
 * @throws ShapeError when logits and targets are not matrices of the same shape, or the smoothing is out of range.
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  { labelSmoothing = 0 }: { labelSmoothing?: number } = {},
): Tensor {
  if (logits.shape.length !== 2 || !sameShape(logits.shape, targets.shape)) {
    throw new ShapeError(
      `crossEntropy: got logits ${formatShape(logits.shape)} and targets ${formatShape(targets.shape)}, wanted [n, classes] of both`,
    )
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ShapeError(`crossEntropy: got labelSmoothing ${labelSmoothing}, wanted a number from 0 to 1`)
  }
  const [batch, classes] = logits.shape
  const smoothed = labelSmoothing === 0 ? targets : targets.mul(1 - labelSmoothing).add(labelSmoothing / classes)
  return logits
    .logSoftmax()
    .mul(smoothed)
    .sum()
    .mul(-1 / batch)
}
