import { fileURLToPath } from 'node:url'
import { defaultPreprocessing } from '@residual/resnet'
import { type Batch, batchOf, openCifar } from '@residual/vision'

const data = process.env.RESIDUAL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** The first images of CIFAR-10's training set. */
export async function cifarImages(count: number): Promise<Batch> {
  const cifar = await openCifar(`${data}/cifar10/cifar-10-binary.tar.gz`, { split: 'train' })
  return batchOf(cifar, 0, count, defaultPreprocessing('cifar'))
}
