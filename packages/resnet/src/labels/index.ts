import { cifar10Classes, cifar100Classes } from '@residual/vision'
import type { Architecture } from '../row.ts'
import { imagenetClasses } from './imagenet.ts'

export { imagenetClasses }

/** The class names of the data set that a family's number of classes stands for; `class 0` ... where it stands for none. */
export function defaultLabels({ family, classes }: Architecture): readonly string[] {
  const known = family === 'imagenet' ? [imagenetClasses] : [cifar10Classes, cifar100Classes]
  return known.find(labels => labels.length === classes) ?? Array.from({ length: classes }, (_, i) => `class ${i}`)
}
