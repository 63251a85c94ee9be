import { cifar10Classes, cifar100Classes } from '@residual/vision'
import type { Architecture } from '../row.ts'
import { imagenetClasses } from './imagenet.ts'

export { imagenetClasses }

/** Returns the labels of the known data set with this family and number of classes; otherwise `class 0` and so on. */
export function defaultLabels({ family, classes }: Architecture): readonly string[] {
  const known = family === 'imagenet' ? [imagenetClasses] : [cifar10Classes, cifar100Classes]
  return known.find(labels => labels.length === classes) ?? Array.from({ length: classes }, (_, i) => `class ${i}`)
}
