import { planDirect } from './convolution/direct.ts'
import { type ConvolutionGeometry, convolutionOutput, FLOAT } from './convolution/geometry.ts'
import type { ConvolutionBuffers, ConvolutionPlan, WeightsLayout } from './convolution/plan.ts'
import { planConvolution } from './convolution.ts'
import type { Instruction } from './instructions.generated.ts'

/** How the gradient of a convolution's input is computed. */
export interface InputGradientPlan extends Omit<ConvolutionPlan, 'biasFloats' | 'pack'> {
  /** Packs the weights of the convolution (OIHW). */
  pack(source: number, packed: number): Instruction[]
  /**
   * `input` is the gradient of the convolution's output, `output` the gradient of its input. `residual` may be 0; it is
   * added, and must not be the output.
   */
  run(buffers: Omit<ConvolutionBuffers, 'bias' | 'activation'>): Instruction[]
}

/**
 * Values of the gradient that are computed in one go; with their operands they should fit into the second-level cache.
 */
const PART_FLOATS = 256 * 1024

/**
 * Plans the gradient of a convolution's input: a convolution of the output's gradient with the rotated kernel, with
 * inputs and outputs exchanged. With a stride above 1, pixels fall into phases by their distance from the previous
 * pixel that meets the first tap. The pixels of a phase meet the same taps and no others, so each phase is a separate
 * convolution with stride 1, and no zeros are inserted and multiplied.
 */
export function planConvolutionInputGradient(geometry: ConvolutionGeometry): InputGradientPlan {
  const strided = geometry.stride[0] * geometry.stride[1] > 1
  const phases = phasesOf(geometry)
  const plans = phases.map(({ geometry, weights }) =>
    strided ? planDirect(geometry, weights) : planConvolution(geometry, { weights, wholeBatch: true }),
  )
  const most = (values: number[]) => Math.max(0, ...values)
  const { height, width, channels } = geometry
  const images = Math.max(1, Math.floor(PART_FLOATS / (height * width * channels)))
  const resultFloats = strided ? most(phases.map(phase => images * phase.size[0] * phase.size[1] * channels)) : 0
  return {
    packedFloats: plans.reduce((sum, plan) => sum + plan.packedFloats, 0),
    zeros: most(plans.map(plan => plan.zeros)),
    workspaceFloats: resultFloats + most(plans.map(plan => plan.workspaceFloats)),
    threadFloats: most(plans.map(plan => plan.threadFloats)),
    pack: (source, packed) => {
      let to = packed
      return plans.map(plan => {
        const instruction = plan.pack(source, to)
        to += plan.packedFloats * FLOAT
        return instruction
      })
    },
    run: buffers =>
      strided
        ? runParts(geometry, images, phases, buffers, buffers.workspace + resultFloats * FLOAT)
        : plans.flatMap(plan => plan.run({ ...buffers, bias: 0, activation: 'none' })),
  }
}

/** Pixels of the input that are `stride` apart and meet the same taps. */
interface Phase {
  /** Position of the first pixel. */
  readonly start: readonly [y: number, x: number]
  /** The number of pixels, down and across. */
  readonly size: readonly [height: number, width: number]
  /** The convolution of the output's gradient that computes these pixels. */
  readonly geometry: ConvolutionGeometry
  readonly weights: WeightsLayout
}

function phasesOf(g: ConvolutionGeometry): Phase[] {
  const output = convolutionOutput(g)
  const linesY = axisPhases(g.height, output[0], g.padding[0], g, 0)
  const linesX = axisPhases(g.width, output[1], g.padding[2], g, 1)
  const [rowStride, taps] = [g.kernel[1], g.kernel[0] * g.kernel[1]]
  const depth = g.channels / g.groups
  return linesY.flatMap(y =>
    linesX.map(x => ({
      start: [y.start, x.start],
      size: [y.size, x.size],
      geometry: {
        batch: g.batch,
        height: output[0],
        width: output[1],
        channels: g.outputs,
        outputs: g.channels,
        groups: g.groups,
        kernel: [y.taps, x.taps],
        stride: [1, 1],
        dilation: [y.dilation, x.dilation],
        padding: [...y.padding, ...x.padding],
      },
      weights: {
        offset: y.lastTap * rowStride + x.lastTap,
        groupStride: (g.outputs / g.groups) * depth * taps,
        columnStride: taps,
        depthStride: depth * taps,
        tapStrides: [-y.tapStep * rowStride, -x.tapStep],
      },
    })),
  )
}

/** The phases along one axis, without those that meet no tap. */
function axisPhases(input: number, output: number, padding: number, g: ConvolutionGeometry, axis: 0 | 1) {
  const [kernel, stride, step] = [g.kernel[axis], g.stride[axis], g.dilation[axis]]
  // The taps of a phase are `tapStep` apart, and the outputs that they meet are `dilation` apart.
  const tapStep = stride / gcd(stride, step)
  const dilation = step / gcd(stride, step)
  const phases = []
  for (let start = 0; start < Math.min(stride, input); start++) {
    // Pixel `y` meets tap `k` of output `(y + padding - k * step) / stride`.
    let firstTap = 0
    while (firstTap < tapStep && (start + padding - firstTap * step) % stride !== 0) firstTap++
    if (firstTap === tapStep || firstTap >= kernel) continue
    const taps = Math.ceil((kernel - firstTap) / tapStep)
    const size = Math.ceil((input - start) / stride)
    const before = (taps - 1) * dilation - (start + padding - firstTap * step) / stride
    const after = size - output - before + (taps - 1) * dilation
    const pads: readonly [number, number] = [before, after]
    phases.push({ start, size, taps, tapStep, lastTap: firstTap + (taps - 1) * tapStep, dilation, padding: pads })
  }
  return phases
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/** Computes the phases of a few images at a time, one after another, and copies each to its place. */
function runParts(
  g: ConvolutionGeometry,
  images: number,
  phases: readonly Phase[],
  { input, weights, residual, output, zeros, workspace: result }: Omit<ConvolutionBuffers, 'bias' | 'activation'>,
  workspace: number,
): Instruction[] {
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const rowFloats = g.width * g.channels
  const imageFloats = g.height * rowFloats
  const complete = phases.reduce((sum, { size }) => sum + size[0] * size[1], 0) === g.height * g.width
  const instructions: Instruction[] = []
  for (let first = 0; first < g.batch; first += images) {
    const batch = Math.min(images, g.batch - first)
    const at = first * imageFloats * FLOAT
    if (!complete) instructions.push({ op: 'fill', output: output + at, count: batch * imageFloats, value: 0 })
    let packed = weights
    for (const phase of phases) {
      const plan = planDirect({ ...phase.geometry, batch }, phase.weights)
      const [height, width] = phase.size
      instructions.push(
        ...plan.run({
          input: input + first * outputHeight * outputWidth * g.outputs * FLOAT,
          weights: packed,
          bias: 0,
          residual: 0,
          output: result,
          zeros,
          workspace,
          activation: 'none',
        }),
        {
          op: 'copy',
          input: result,
          output: output + at + (phase.start[0] * rowFloats + phase.start[1] * g.channels) * FLOAT,
          sizes: [1, 1, batch, height, width, g.channels],
          inputStrides: [0, 0, height * width * g.channels, width * g.channels, g.channels, 1],
          outputStrides: [0, 0, imageFloats, g.stride[0] * rowFloats, g.stride[1] * g.channels, 1],
        },
      )
      packed += plan.packedFloats * FLOAT
    }
    if (residual !== 0) {
      const strides = [0, 0, 0, 0, rowFloats, 1]
      instructions.push({
        op: 'binary',
        kind: 'add',
        a: output + at,
        b: residual + at,
        output: output + at,
        sizes: [1, 1, 1, 1, batch * g.height, rowFloats],
        aStrides: strides,
        bStrides: strides,
      })
    }
  }
  return instructions
}
