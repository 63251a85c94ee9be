import { ShapeError } from '../errors.ts'
import { formatShape, type Shape } from '../shape.ts'

/** `[height, width]`. */
export type Pair = readonly [number, number]
/** `[top, bottom, left, right]`. */
export type Padding = readonly [number, number, number, number]
export type PairLike = number | readonly [number, number]
/** The same on all sides, `[height, width]`, or `[top, bottom, left, right]`. */
export type PaddingLike = number | readonly [number, number] | readonly [number, number, number, number]

/** The geometry of a window that slides over the two middle axes of `[n, h, w, c]`. */
export interface Window {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Padding
  readonly dilation: Pair
}

export function toPair(value: PairLike): Pair {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]]
}

export function toPadding(value: PaddingLike): Padding {
  if (typeof value === 'number') return [value, value, value, value]
  return value.length === 2 ? [value[0], value[0], value[1], value[1]] : [value[0], value[1], value[2], value[3]]
}

/** Throws a ShapeError unless `values` are integers of at least `least`. */
export function checkIntegers(operation: string, name: string, values: readonly number[], least: number): void {
  if (!values.every(value => Number.isInteger(value) && value >= least)) {
    throw new ShapeError(
      `${operation}: got ${name} ${formatShape(values)}, wanted ${least === 0 ? 'non-negative' : 'positive'} integers`,
    )
  }
}

/** Throws a ShapeError unless `x` has the four axes [n, h, w, c]. */
export function checkImages(operation: string, x: Shape): void {
  if (x.length !== 4) throw new ShapeError(`${operation}: got x ${formatShape(x)}, wanted the four axes [n, h, w, c]`)
}

/**
 * `[h, w]` of the output: `floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1`, PyTorch's rule.
 * @throws ShapeError when a number is out of range or the window does not fit the padded input.
 */
export function windowOutput(operation: string, x: Shape, { kernel, stride, padding, dilation }: Window): Pair {
  checkIntegers(operation, 'kernel', kernel, 1)
  checkIntegers(operation, 'stride', stride, 1)
  checkIntegers(operation, 'padding', padding, 0)
  checkIntegers(operation, 'dilation', dilation, 1)
  const padded = [x[1] + padding[0] + padding[1], x[2] + padding[2] + padding[3]]
  const reach = [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1]
  if (reach[0] > padded[0] || reach[1] > padded[1]) {
    throw new ShapeError(
      `${operation}: got a window of ${formatShape(reach)}, wanted at most the padded input ${formatShape(padded)}`,
    )
  }
  return [Math.floor((padded[0] - reach[0]) / stride[0]) + 1, Math.floor((padded[1] - reach[1]) / stride[1]) + 1]
}

/**
 * The output shape of a pooling, whose window never covers only padding, as PyTorch demands.
 * @throws ShapeError when x is not a batch of images, or the window or its padding does not fit.
 */
export function poolShape(operation: string, x: Shape, window: Omit<Window, 'dilation'>): Shape {
  checkImages(operation, x)
  if (x[1] === 0 || x[2] === 0) {
    throw new ShapeError(`${operation}: got x ${formatShape(x)}, wanted a height and width of at least 1`)
  }
  const [height, width] = windowOutput(operation, x, { ...window, dilation: [1, 1] })
  const { kernel, padding } = window
  if (Math.max(padding[0], padding[1]) > kernel[0] / 2 || Math.max(padding[2], padding[3]) > kernel[1] / 2) {
    throw new ShapeError(
      `${operation}: got padding ${formatShape(padding)}, wanted at most half the kernel ${formatShape(kernel)}`,
    )
  }
  return [x[0], height, width, x[3]]
}

/**
 * Calls `visit(output, inputs)` for every element of a pooling's output; `inputs` are the positions in `x` of the
 * elements under the window that are not padding. The array is reused between calls.
 */
export function walkWindows(
  x: Shape,
  output: Shape,
  { kernel, stride, padding }: Omit<Window, 'dilation'>,
  visit: (output: number, inputs: readonly number[]) => void,
): void {
  const [, height, width, channels] = x
  const under: number[] = []
  let index = 0
  for (let n = 0; n < output[0]; n++) {
    for (let oh = 0; oh < output[1]; oh++) {
      for (let ow = 0; ow < output[2]; ow++) {
        for (let c = 0; c < channels; c++) {
          under.length = 0
          for (let kh = 0; kh < kernel[0]; kh++) {
            const h = oh * stride[0] - padding[0] + kh
            if (h < 0 || h >= height) continue
            for (let kw = 0; kw < kernel[1]; kw++) {
              const w = ow * stride[1] - padding[2] + kw
              if (w >= 0 && w < width) under.push(((n * height + h) * width + w) * channels + c)
            }
          }
          visit(index++, under)
        }
      }
    }
  }
}
