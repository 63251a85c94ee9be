import { ShapeError } from '../../errors.ts'
import { formatShape, type Shape } from '../../shape.ts'
import { checkImages, checkIntegers, type Padding, type Pair, windowOutput } from '../window.ts'

/** How the window of a convolution moves over images. */
export interface Conv2dGeometry {
  readonly stride: Pair
  readonly padding: Padding
  readonly dilation: Pair
  readonly groups: number
}

/**
 * The output shape `[n, oh, ow, o]` of a convolution of x `[n, h, w, c]` with a weight `[o, c / groups, kh, kw]`.
 * @throws ShapeError when they do not fit together.
 */
export function conv2dShape(x: Shape, weight: Shape, geometry: Conv2dGeometry): Shape {
  const { groups } = geometry
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
  const [height, width] = windowOutput('conv2d', x, { ...geometry, kernel: [weight[2], weight[3]] })
  return [x[0], height, width, outputs]
}

/**
 * Calls `visit(input, weight, output)` for every product of a convolution, with the positions of its two factors and of
 * the sum that it belongs to. The convolution and both its gradients use this walk.
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
