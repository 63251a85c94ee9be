import { ShapeError } from '../../errors.ts'
import { defineOperation, notDifferentiable } from '../../graph/operation.ts'
import { Tensor } from '../../graph/tensor.ts'
import { formatShape, type Shape, sizeOf } from '../../shape.ts'
import { checkEpilogue, type Epilogue, epilogueOf, noEpilogue } from '../epilogue.ts'
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
} from '../window.ts'
import { conv2dInputGradient } from './input-gradient.ts'
import { conv2dWeightGradient } from './weight-gradient.ts'

/** How a kernel walks over images. */
export interface Conv2dGeometry {
  readonly stride: Pair
  readonly padding: Padding
  readonly dilation: Pair
  readonly groups: number
}

/** Inputs: x `[n, h, w, c]`, weight `[o, c / groups, kh, kw]`, then the bias and residual that the epilogue has. */
export interface Conv2dAttributes extends Conv2dGeometry, Epilogue {}

function kernelOf(weight: Shape): Pair {
  return [weight[2], weight[3]]
}

/**
 * Calls `visit(input, weight, output)` with the positions of the two factors and of the sum of every product of a
 * convolution: the convolution and both its gradients are this walk.
 */
export function walkProducts(
  x: Shape,
  weight: Shape,
  output: Shape,
  { stride, padding, dilation, groups }: Conv2dGeometry,
  visit: (input: number, weight: number, output: number) => void,
): void {
  const [, height, width, channels] = x
  const [outputs, groupChannels, kernelHeight, kernelWidth] = weight
  const [batch, outputHeight, outputWidth] = output
  let index = 0
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        for (let o = 0; o < outputs; o++) {
          const firstChannel = Math.floor(o / (outputs / groups)) * groupChannels
          for (let kh = 0; kh < kernelHeight; kh++) {
            const h = oh * stride[0] - padding[0] + kh * dilation[0]
            if (h < 0 || h >= height) continue
            for (let kw = 0; kw < kernelWidth; kw++) {
              const w = ow * stride[1] - padding[2] + kw * dilation[1]
              if (w < 0 || w >= width) continue
              const pixel = ((n * height + h) * width + w) * channels + firstChannel
              const tap = (o * groupChannels * kernelHeight + kh) * kernelWidth + kw
              for (let c = 0; c < groupChannels; c++) {
                visit(pixel + c, tap + c * kernelHeight * kernelWidth, index)
              }
            }
          }
          index++
        }
      }
    }
  }
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
  gradient([x, weight, bias], _, gradient, attributes) {
    if (attributes.residual || attributes.activation !== 'none') return notDifferentiable()
    return [
      conv2dInputGradient(gradient, weight, x.shape, attributes),
      conv2dWeightGradient(x, gradient, weight.shape, attributes),
      bias && gradient.sum([0, 1, 2]),
    ]
  },
  reference(inputs, output, { stride, padding, dilation, groups, ...epilogue }) {
    const [x, weight] = inputs
    const finish = epilogueOf(inputs, output, epilogue)
    const sums = new Float64Array(output.data.length)
    walkProducts(x.shape, weight.shape, output.shape, { stride, padding, dilation, groups }, (i, w, o) => {
      sums[o] += x.data[i] * weight.data[w]
    })
    sums.forEach((sum, index) => {
      output.data[index] = finish(sum, index)
    })
  },
})

export interface Conv2dOptions {
  /** `[o]`, added to every pixel; default none. */
  readonly bias?: Tensor
  /** Default 1. */
  readonly stride?: PairLike
  /** Zeros around the image; default 0. */
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
