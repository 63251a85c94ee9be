import { cifar10Classes, cifar100Classes } from './classes.ts'

/** One of the two parts of a data set. */
export type Split = 'test' | 'train'

/** The side of an image in pixels. */
export const SIDE = 32
/** Bytes of an image: first its red, then its green, then its blue values, row by row. */
export const IMAGE_BYTES = SIDE * SIDE * 3
/** The number of records in the largest official file, CIFAR-100's train.bin. */
export const MAX_RECORDS = 50_000

/** One of the two data sets, as described on https://www.cs.toronto.edu/~kriz/cifar.html under "binary version". */
export interface CifarKind {
  readonly name: 'cifar10' | 'cifar100'
  readonly classes: readonly string[]
  /** How many values each byte before an image can take; the last byte is the label. */
  readonly labelRanges: readonly number[]
  /** The files of each split, in order. */
  readonly files: Readonly<Record<Split, readonly string[]>>
}

export const kinds: readonly CifarKind[] = [
  {
    name: 'cifar10',
    classes: cifar10Classes,
    labelRanges: [10],
    files: { test: ['test_batch.bin'], train: [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`) },
  },
  {
    name: 'cifar100',
    classes: cifar100Classes,
    // First one of 20 superclasses, then one of 100 classes.
    labelRanges: [20, 100],
    files: { test: ['test.bin'], train: ['train.bin'] },
  },
]

/** The size of a record in bytes: one or two labels and an image. */
export function recordBytes(kind: CifarKind): number {
  return kind.labelRanges.length + IMAGE_BYTES
}
