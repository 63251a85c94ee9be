import type { ConvolutionGeometry, ConvolutionPlan, Instruction } from '@residual/kernels-wasm'
import type { Tensor } from '../graph/tensor.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { coalesce } from './strides.ts'
import type { ProgramWriter } from './writer.ts'

export function geometryOf(
  { attributes }: Tensor<'conv2d'> | Tensor<'conv2dInputGradient'> | Tensor<'conv2dWeightGradient'>,
  [batch, height, width, channels]: Shape,
  [outputs, , kernelHeight, kernelWidth]: Shape,
): ConvolutionGeometry {
  const { stride, dilation, padding, groups } = attributes
  return {
    batch,
    height,
    width,
    channels,
    outputs,
    groups,
    kernel: [kernelHeight, kernelWidth],
    stride,
    dilation,
    padding,
  }
}

/** The numbers of pixels and channels of `[..., c]`. */
export function rowsOf({ shape }: Tensor): { rows: number; channels: number } {
  const channels = shape[shape.length - 1]
  return { rows: sizeOf(shape) / channels, channels }
}

/** Emits a convolution or matrix product with its epilogue. */
export function emitProduct(
  node: Tensor<'conv2d'> | Tensor<'matmul'>,
  plan: ConvolutionPlan,
  input: number,
  writer: ProgramWriter,
): void {
  const { bias, residual, activation } = node.attributes
  const { channels } = rowsOf(node)
  const outputs = plan.packUnit === undefined ? undefined : { all: channels, unit: plan.packUnit }
  writer.emit(
    ...plan.run({
      input,
      weights: writer.packed(node.inputs[1], 4 * plan.packedFloats, { outputs, run: plan.pack }),
      bias: bias ? writer.biasOf(node.inputs[2], plan.biasFloats) : 0,
      residual: residual ? writer.addressOf(node.inputs[node.inputs.length - 1]) : 0,
      output: writer.addressOf(node),
      zeros: writer.zerosFor(plan.zeros),
      workspace: writer.workspaceOf(plan.workspaceFloats, plan.threadFloats),
      activation,
    }),
  )
}

export function emitPool(
  node: Tensor<'maxPool2d'> | Tensor<'avgPool2d'>,
  kind: Extract<Instruction, { op: 'pool2d' }>['kind'],
  writer: ProgramWriter,
): void {
  const [input, output] = [writer.addressOf(node.inputs[0]), writer.addressOf(node)]
  writer.emit({ op: 'pool2d', kind, input, output, ...poolOf(node, node.inputs[0].shape, node.shape) })
}

export function poolOf(
  {
    attributes: { kernel, stride, padding },
  }: Tensor<'maxPool2d' | 'avgPool2d' | 'maxPool2dGradient' | 'avgPool2dGradient'>,
  [batch, height, width, channels]: Shape,
  [, outputHeight, outputWidth]: Shape,
) {
  return {
    batch,
    height,
    width,
    channels,
    outputHeight,
    outputWidth,
    kernel,
    stride,
    padding: [padding[0], padding[2]],
  }
}

export function emitAlongAxis(
  node: Tensor<'softmax'> | Tensor<'logSoftmax'> | Tensor<'argmax'>,
  op: 'softmax' | 'logSoftmax' | 'argmax',
  writer: ProgramWriter,
): void {
  const [x] = node.inputs
  const { axis } = node.attributes
  writer.emit({
    op,
    input: writer.addressOf(x),
    output: writer.addressOf(node),
    outer: sizeOf(x.shape.slice(0, axis)),
    length: x.shape[axis],
    inner: sizeOf(x.shape.slice(axis + 1)),
  })
}

interface Strided {
  readonly address: number
  readonly strides: readonly number[]
}

export function denseAt(tensor: Tensor, writer: ProgramWriter): Strided {
  return { address: writer.addressOf(tensor), strides: stridesOf(tensor.shape) }
}

export function emitCopy(writer: ProgramWriter, shape: Shape, from: Strided, to: Strided): void {
  if (sizeOf(shape) === 0) return
  const { sizes, strides } = coalesce(shape, { input: from.strides, output: to.strides })
  writer.emit({
    op: 'copy',
    input: from.address,
    output: to.address,
    sizes,
    inputStrides: strides.input,
    outputStrides: strides.output,
  })
}
