import { ShapeError } from '../errors.ts'
import { formatShape, type Shape, sizeOf } from '../shape.ts'
import { Tensor } from '../tensor.ts'
import { checkEpilogue, type Epilogue, epilogueOf, noEpilogue } from './epilogue.ts'
import { defineOperation } from './operation.ts'
import {
  checkImages,
  checkIntegers,
  type Padding,
  type PaddingLike,
  type Pair,
  type PairLike,
  toPadding,
  toPair,
  windowOutput,
} from './window.ts'

/** Inputs: x `[n, h, w, c]`, weight `[o, c / groups, kh, kw]`, then the bias and residual that the epilogue has. */
export interface Conv2dAttributes extends Epilogue {
  readonly stride: Pair
  readonly padding: Padding
  readonly dilation: Pair
  readonly groups: number
}

function kernelOf(weight: Shape): Pair {
  return [weight[2], weight[3]]
}

export const conv2dOperation = defineOperation<Conv2dAttributes>({
  shape(inputs, attributes) {
    const [x, weight] = inputs
    const { groups } = attributes
    checkImages('conv2d', x)
    if (weight.length !== 4) {
      throw new ShapeError(`conv2d: got weight ${formatShape(weight)}, wanted the four axes [o, c / groups, kh, kw]`)
    }
    checkIntegers('conv2d', 'groups', [groups], 1)
    const [channels, outputs] = [x[3], weight[0]]
    if (channels === 0 || outputs === 0 || channels % groups !== 0 || outputs % groups !== 0) {
      throw new ShapeError(
        `conv2d: got ${channels} input and ${outputs} output channels, wanted both to be positive multiples of groups ${groups}`,
      )
    }
    if (weight[1] !== channels / groups) {
      throw new ShapeError(
        `conv2d: got weight ${formatShape(weight)} for x ${formatShape(x)} in ${groups} group${groups === 1 ? '' : 's'}, wanted [o, ${channels / groups}, kh, kw]`,
      )
    }
    const [height, width] = windowOutput('conv2d', x, { ...attributes, kernel: kernelOf(weight) })
    const output = [x[0], height, width, outputs]
    checkEpilogue('conv2d', inputs, output, attributes)
    return output
  },
  macs([, weight], output) {
    return sizeOf(output) * weight[1] * weight[2] * weight[3]
  },
  reference(inputs, output, { stride, padding, dilation, groups, ...epilogue }) {
    const [x, weight] = inputs
    const [, height, width, channels] = x.shape
    const [outputs, groupChannels, kernelHeight, kernelWidth] = weight.shape
    const [batch, outputHeight, outputWidth] = output.shape
    const finish = epilogueOf(inputs, output, epilogue)
    let index = 0
    for (let n = 0; n < batch; n++) {
      for (let oh = 0; oh < outputHeight; oh++) {
        for (let ow = 0; ow < outputWidth; ow++) {
          for (let o = 0; o < outputs; o++) {
            const firstChannel = Math.floor(o / (outputs / groups)) * groupChannels
            let sum = 0
            for (let kh = 0; kh < kernelHeight; kh++) {
              const h = oh * stride[0] - padding[0] + kh * dilation[0]
              if (h < 0 || h >= height) continue
              for (let kw = 0; kw < kernelWidth; kw++) {
                const w = ow * stride[1] - padding[2] + kw * dilation[1]
                if (w < 0 || w >= width) continue
                const pixel = ((n * height + h) * width + w) * channels + firstChannel
                for (let c = 0; c < groupChannels; c++) {
                  const tap = ((o * groupChannels + c) * kernelHeight + kh) * kernelWidth + kw
                  sum += x.data[pixel + c] * weight.data[tap]
                }
              }
            }
            output.data[index] = finish(sum, index)
            index++
          }
        }
      }
    }
  },
})

export interface Conv2dOptions {
  /** `[o]`, added to every pixel; default none. */
  readonly bias?: Tensor
  /** Default 1. */
  readonly stride?: PairLike
  /** Zeros around the picture; default 0. */
  readonly padding?: PaddingLike
  /** Distance between the taps of the kernel; default 1. */
  readonly dilation?: PairLike
  /** Channels are split in this many parts that do not mix; default 1, `c` for a depthwise convolution. */
  readonly groups?: number
}

/**
 * Two-dimensional cross-correlation, as PyTorch's `Conv2d`.
 * @param x `[n, h, w, c]`
 * @param weight `[o, c / groups, kh, kw]`
 * @returns `[n, oh, ow, o]` with `oh = floor((h + top + bottom - dilation * (kh - 1) - 1) / stride) + 1`
 * @throws ShapeError when shapes and options do not fit together.
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor<'conv2d'> {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options
  return new Tensor('conv2d', bias ? [x, weight, bias] : [x, weight], {
    stride: toPair(stride),
    padding: toPadding(padding),
    dilation: toPair(dilation),
    groups,
    ...noEpilogue,
    bias: bias !== undefined,
  })
}
