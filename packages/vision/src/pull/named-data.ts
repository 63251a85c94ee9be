import { pulledPath } from '#pull'
import { openCifar } from '../cifar/open.ts'
import type { CifarDataset } from '../cifar/records.ts'
import { drawShapes, type ShapesDataset } from '../shapes/shapes.ts'
import { PullError } from './errors.ts'

/**
 * Opens a data set by its name: `shapes`, which is drawn, or `cifar10` or `cifar100`, which {@link pull} has
 * downloaded.
 * @returns undefined for any other text, which is a path
 * @throws PullError for a data set that has not been pulled.
 */
export async function openNamedData(
  name: string,
  { split }: { readonly split: 'train' | 'test' },
): Promise<CifarDataset | ShapesDataset | undefined> {
  if (name === 'shapes') return drawShapes({ split })
  if (name !== 'cifar10' && name !== 'cifar100') return undefined
  const path = await pulledPath(name)
  if (path) return openCifar(path, { split })
  throw new PullError(`${name} is not here yet; run 'residual pull ${name}', or write ./${name} for a file or folder`)
}
