/** Bytes of a value. */
export const FLOAT = 4

/** A 2-D convolution of `[batch, height, width, channels]` with weights `[outputs, channels / groups, kernel...]`. */
export interface ConvolutionGeometry {
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly outputs: number
  readonly groups: number
  readonly kernel: readonly [height: number, width: number]
  readonly stride: readonly [height: number, width: number]
  readonly dilation: readonly [height: number, width: number]
  /** Negative if rows or columns of the input are cropped. */
  readonly padding: readonly [top: number, bottom: number, left: number, right: number]
}

/** Height and width of a convolution's output. */
export function convolutionOutput(g: ConvolutionGeometry): [height: number, width: number] {
  const size = (input: number, axis: 0 | 1, padding: number) =>
    Math.floor((input + padding - g.dilation[axis] * (g.kernel[axis] - 1) - 1) / g.stride[axis]) + 1
  return [size(g.height, 0, g.padding[0] + g.padding[1]), size(g.width, 1, g.padding[2] + g.padding[3])]
}

/** The fields that all instructions for a whole convolution share. */
export function convolutionFields(g: ConvolutionGeometry) {
  const { batch, height, width, groups, kernel, stride, dilation } = g
  const [outputHeight, outputWidth] = convolutionOutput(g)
  return {
    ...{ batch, height, width, outputHeight, outputWidth, groups, kernel, stride, dilation },
    columns: g.outputs / groups,
    depth: g.channels / groups,
    padding: [g.padding[0], g.padding[2]],
  }
}
