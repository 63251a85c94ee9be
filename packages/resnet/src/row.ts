import type { Activation } from './activations.ts'
import type { Attention } from './attention.ts'
import type { Block } from './blocks.ts'
import type { Pooling } from './pooling.ts'

/**
 * The data set that a network was designed for. It determines the default preprocessing, labels and augmentation. The
 * other fields describe the network itself.
 */
export type Family = 'cifar' | 'imagenet'

/**
 * The path around the residual branch of a block. `A`: the input, subsampled and zero-padded where shapes change. `B`:
 * a 1x1 projection where shapes change, otherwise the input. `C`: a projection everywhere. `none`: nothing, in a
 * *plain* network.
 */
export type Shortcut = 'A' | 'B' | 'C' | 'none'

/** The layers before the first stage: a convolution, and optionally a pooling. */
export interface Stem {
  /** Side of the square kernel, odd. */
  readonly kernel: number
  readonly stride: number
  /** Channels of the stem's output. */
  readonly width: number
  /** `max`: 3x3 max pooling with stride 2. */
  readonly pool: 'max' | 'none'
}

/**
 * The description of a network as one row of fields. {@link resnet} builds the network of any row, and models and
 * checkpoints store the whole row. Names such as `resnet50` are short for rows, see {@link architecture}.
 */
export interface Architecture {
  /** The name of this row, or any label if it has no name. */
  readonly name: string
  readonly family: Family
  readonly stem: Stem
  readonly block: Block
  /** Blocks in each stage. */
  readonly layers: readonly number[]
  /** Channels of each stage's 3x3 convolutions, before `widthPerGroup`; bottlenecks output four times as many. */
  readonly widths: readonly number[]
  /** Groups of the bottleneck's 3x3 convolution: the cardinality of ResNeXt. */
  readonly groups: number
  /** Channels per group in bottlenecks of width 64: 64 in ResNet, 4 in ResNeXt-50 32x4d, 128 in wide networks. */
  readonly widthPerGroup: number
  readonly shortcut: Shortcut
  /** Which convolution of a bottleneck strides: the first 1x1 (`v1`, the paper) or the 3x3 (`v1.5`, torchvision). */
  readonly strideIn: '1x1' | '3x3'
  /** Batch norm and ReLU before each convolution (He et al. 2016, "v2") instead of after it. */
  readonly preActivation: boolean
  /** The norm after each convolution, or before it with pre-activation. With `none`, convolutions have biases. */
  readonly norm: 'batch' | 'none'
  /** The function after each norm, except the last of a residual branch, and after each sum. */
  readonly activation: Activation
  /** How each residual branch weights its channels at the end. */
  readonly attention: Attention
  /** How the features are pooled before the classifier. */
  readonly pooling: Pooling
  /**
   * Number of linear layers: 1x1 convolutions without batch norm and ReLU. They are distributed over the stages and
   * follow the blocks there. A network with more of them can still compute the same function.
   */
  readonly linear: number
  /** Side in pixels of the square input that the network was designed for; other sizes work too. */
  readonly inputSize: number
  /** Number of classes of the data set that the network was designed for; trained weights may have another number. */
  readonly classes: number
}

/** A row without its name. */
export type Row = Omit<Architecture, 'name'>

/** The fields that describe the use of a network and not the network itself. */
const USE: readonly string[] = ['name', 'classes', 'inputSize']

/** Returns the fields in which two networks differ. The name, the number of classes and the input size do not count. */
export function differingFields(a: Row, b: Row): (keyof Row)[] {
  const fields = Object.keys(a).filter(key => !USE.includes(key)) as (keyof Row)[]
  return fields.filter(key => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
}

/** Returns the number of linear layers in each stage; the first stages may have one more. */
export function linearPerStage({ linear, layers: { length } }: Architecture): number[] {
  return Array.from({ length }, (_, stage) => Math.floor(linear / length) + (stage < linear % length ? 1 : 0))
}
