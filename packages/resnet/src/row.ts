import type { Block } from './blocks.ts'

/**
 * The data set that a network was designed for. It decides preprocessing, labels and augmentation where nothing else does;
 * the network itself is in the other fields.
 */
export type Family = 'cifar' | 'imagenet'

/**
 * What is added to the residual branch of a block: `A` the input, subsampled and zero-padded where shapes change; `B` a 1x1
 * projection where shapes change, else the input; `C` a projection everywhere; `none` nothing, a *plain* network.
 */
export type Shortcut = 'A' | 'B' | 'C' | 'none'

/** The layers before the first stage: a convolution, and a pooling after it. */
export interface Stem {
  /** Side of the square kernel, odd. */
  readonly kernel: number
  readonly stride: number
  /** Channels that leave the stem. */
  readonly width: number
  /** `max` takes the largest of 3x3 at stride 2. */
  readonly pool: 'max' | 'none'
}

/**
 * Everything that tells one network from another: {@link resnet} builds any row, and models and checkpoints store it whole.
 * Names such as `resnet50` are short for rows, see {@link architecture}.
 */
export interface Architecture {
  /** The name that means this row, or any label where no name does. */
  readonly name: string
  readonly family: Family
  readonly stem: Stem
  readonly block: Block
  /** Blocks in each stage. */
  readonly layers: readonly number[]
  /** Channels of each stage's 3x3 convolutions, before `widthPerGroup`; bottlenecks give four times as many. */
  readonly widths: readonly number[]
  /** Groups of the bottleneck's 3x3 convolution: the cardinality of ResNeXt. */
  readonly groups: number
  /** Channels per group in bottlenecks of width 64: 64 in ResNet, 4 in ResNeXt-50 32x4d, 128 in wide ones. */
  readonly widthPerGroup: number
  readonly shortcut: Shortcut
  /** Which of a bottleneck's convolutions strides: the first 1x1 (`v1`, the paper) or the 3x3 (`v1.5`, torchvision). */
  readonly strideIn: '1x1' | '3x3'
  /** Batch norm and ReLU before each convolution (He et al. 2016, "v2") instead of after it. */
  readonly preActivation: boolean
  /** What follows each convolution, or precedes it under pre-activation; without any, convolutions have biases. */
  readonly norm: 'batch' | 'none'
  /**
   * Linear layers, 1x1 convolutions without batch norm and ReLU, shared out among the stages, after the blocks of each: a
   * network with more of them can still compute the same.
   */
  readonly linear: number
  /** Side of the square input in pixels that the network was designed for; others work too. */
  readonly inputSize: number
  /** Classes of the data set that the family was designed for; trained weights may have others. */
  readonly classes: number
}

/** A row without its name. */
export type Row = Omit<Architecture, 'name'>

/** What a row says about a network's use, not about what it is. */
const USE: readonly string[] = ['name', 'classes', 'inputSize']

/** The fields in which two rows are other networks: all but the name, and the number of classes and pixels. */
export function differingFields(a: Row, b: Row): (keyof Row)[] {
  const fields = Object.keys(a).filter(key => !USE.includes(key)) as (keyof Row)[]
  return fields.filter(key => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
}

/** How many of the linear layers of an architecture stand in each stage; the first ones have more. */
export function linearPerStage({ linear, layers: { length } }: Architecture): number[] {
  return Array.from({ length }, (_, stage) => Math.floor(linear / length) + (stage < linear % length ? 1 : 0))
}
