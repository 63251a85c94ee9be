import { type ConvolutionGeometry, convolutionOutput, FLOAT } from './convolution/geometry.ts'
import type { ConvolutionPlan } from './convolution/plan.ts'
import { planConvolution, planMatmul } from './convolution.ts'
import { KernelError } from './errors.ts'
import type { Activation } from './instructions.generated.ts'
import { type KernelOptions, loadKernels } from './kernels.ts'

export interface MatmulOptions extends KernelOptions {
  /** Rows of `a`. */
  m: number
  /** Columns of `a`, rows of `b`. */
  k: number
  /** Columns of `b`. */
  n: number
}

/**
 * Multiplies two matrices in plain arrays, in row-major order: `a` is `[m, k]`, `b` is `[k, n]`, the result `[m, n]`.
 * @throws KernelError if a length does not fit the sizes.
 */
export async function matmul(a: Float32Array, b: Float32Array, options: MatmulOptions): Promise<Float32Array> {
  const { m, k, n } = options
  checkSizes('matmul', { m, k, n }, 0)
  checkLength('matmul', 'a', a, [m, k])
  checkLength('matmul', 'b', b, [k, n])
  return runPlan(planMatmul({ m, k, n }), a, b, undefined, 'none', m * n, options)
}

export interface Conv2dOptions extends KernelOptions {
  /** Default 1. */
  batch?: number
  height: number
  width: number
  channels: number
  outputs: number
  kernel: number | readonly [height: number, width: number]
  /** Default 1. */
  stride?: number | readonly [height: number, width: number]
  /** Zeros around the image. Default 0. */
  padding?: number | readonly [height: number, width: number]
  /** Default 1. */
  dilation?: number | readonly [height: number, width: number]
  /** Default 1. */
  groups?: number
  /** One value per output channel. */
  bias?: Float32Array
  /** The activation function, applied last. Default `none`. */
  activation?: Activation
}

/**
 * Computes a 2-D convolution of plain arrays: `input` is `[batch, height, width, channels]`, `weights` is PyTorch's
 * `[outputs, channels / groups, kernel height, kernel width]`, the result `[batch, output height, output width,
 * outputs]`.
 * @throws KernelError if a size or length does not fit.
 */
export async function conv2d(
  input: Float32Array,
  weights: Float32Array,
  options: Conv2dOptions,
): Promise<Float32Array> {
  const { batch = 1, height, width, channels, outputs, groups = 1, bias, activation = 'none' } = options
  const [padY, padX] = pair(options.padding ?? 0)
  const geometry: ConvolutionGeometry = {
    batch,
    height,
    width,
    channels,
    outputs,
    groups,
    kernel: pair(options.kernel),
    stride: pair(options.stride ?? 1),
    dilation: pair(options.dilation ?? 1),
    padding: [padY, padY, padX, padX],
  }
  const { kernel, stride, dilation, padding } = geometry
  checkSizes('conv2d', { batch, 'padding[0]': padding[0], 'padding[1]': padding[2] }, 0)
  checkSizes('conv2d', { height, width, channels, outputs, groups }, 1)
  for (const [name, [y, x]] of Object.entries({ kernel, stride, dilation })) {
    checkSizes('conv2d', { [`${name}[0]`]: y, [`${name}[1]`]: x }, 1)
  }
  if (channels % groups !== 0 || outputs % groups !== 0) {
    throw new KernelError(`conv2d: ${groups} groups do not divide ${channels} channels and ${outputs} outputs`)
  }
  const [outputHeight, outputWidth] = convolutionOutput(geometry)
  if (outputHeight < 1 || outputWidth < 1) {
    throw new KernelError(
      `conv2d: a kernel of [${kernel}] with dilation [${dilation}] does not fit into [${height}, ${width}] with padding [${padY}, ${padX}]`,
    )
  }
  checkLength('conv2d', 'input', input, [batch, height, width, channels])
  checkLength('conv2d', 'weights', weights, [outputs, channels / groups, ...kernel])
  if (bias) checkLength('conv2d', 'bias', bias, [outputs])
  const count = batch * outputHeight * outputWidth * outputs
  return runPlan(planConvolution(geometry), input, weights, bias, activation, count, options)
}

async function runPlan(
  plan: ConvolutionPlan,
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array | undefined,
  activation: Activation,
  outputs: number,
  options: KernelOptions,
): Promise<Float32Array> {
  const kernels = await loadKernels(options)
  const buffers: [address: number, bytes: number][] = []
  const allocate = (floats: number, values?: Float32Array) => {
    const address = kernels.allocate(floats * FLOAT)
    buffers.push([address, floats * FLOAT])
    if (values) kernels.floats(address, values.length).set(values)
    return address
  }
  try {
    const packed = allocate(plan.packedFloats)
    const output = allocate(outputs)
    const run = plan.run({
      input: allocate(input.length, input),
      weights: packed,
      bias: bias ? allocate(plan.biasFloats, bias) : 0,
      residual: 0,
      output,
      zeros: allocate(plan.zeros, new Float32Array(plan.zeros)),
      workspace: allocate(plan.workspaceFloats + kernels.threads * plan.threadFloats),
      activation,
    })
    await kernels.executeOnce([plan.pack(allocate(weights.length, weights), packed), ...run])
    return kernels.floats(output, outputs).slice()
  } finally {
    for (const [address, bytes] of buffers) kernels.release(address, bytes)
  }
}

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value
}

function checkSizes(operation: string, sizes: Record<string, number>, least: 0 | 1): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < least) {
      throw new KernelError(`${operation}: ${name} is ${size}, wanted a whole number of at least ${least}`)
    }
  }
}

function checkLength(operation: string, name: string, array: Float32Array, shape: readonly number[]): void {
  const wanted = shape.reduce((a, b) => a * b, 1)
  if (array.length !== wanted) {
    throw new KernelError(
      `${operation}: ${name} has ${array.length} values, wanted ${wanted} for a shape of [${shape.join(', ')}]`,
    )
  }
}
