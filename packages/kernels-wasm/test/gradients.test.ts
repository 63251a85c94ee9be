import { describe, expect, test } from 'vitest'
import {
  type ConvolutionGeometry,
  convolutionOutput,
  type KernelOptions,
  planConvolutionInputGradient,
  supportedBuilds,
  type WeightGradientPlan,
  weightGradientPlans,
} from '../src/index.ts'
import { expectClose, runInstructions } from './run.ts'

const values = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed))

const base: ConvolutionGeometry = {
  batch: 2,
  height: 7,
  width: 9,
  channels: 6,
  outputs: 10,
  groups: 1,
  kernel: [3, 3],
  stride: [1, 1],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
}
const cases: Record<string, Partial<ConvolutionGeometry>> = {
  '3x3': {},
  'many channels': { channels: 36, outputs: 44 },
  'few channels': { channels: 3, outputs: 2 },
  'no images': { batch: 0 },
  '1x1': { kernel: [1, 1], padding: [0, 0, 0, 0] },
  '1x1, stride 2': { kernel: [1, 1], stride: [2, 2], padding: [0, 0, 0, 0] },
  '3x3, stride 2': { stride: [2, 2] },
  '3x3, stride 2, even size': { stride: [2, 2], height: 8, width: 8, channels: 16, outputs: 32 },
  '7x7, stride 2': { kernel: [7, 7], stride: [2, 2], padding: [3, 3, 3, 3], height: 12, width: 13, channels: 3 },
  'stride 3, 2': { stride: [3, 2], kernel: [2, 5] },
  'stride above the kernel': { stride: [4, 3], kernel: [2, 2] },
  dilation: { dilation: [2, 3], padding: [2, 2, 3, 3] },
  'dilation and stride': { dilation: [2, 3], stride: [2, 2], padding: [1, 2, 3, 0] },
  'dilation and stride with a common factor': { dilation: [4, 2], stride: [6, 4], kernel: [4, 3], height: 20 },
  'padding beyond the kernel': { kernel: [1, 2], padding: [2, 1, 3, 0] },
  'padding beyond the kernel, 3x3': { padding: [4, 3, 0, 5] },
  'padding beyond the kernel, stride 2': { padding: [4, 3, 0, 5], stride: [2, 2] },
  'rows and columns that no output uses': { stride: [2, 2], height: 8, width: 10, padding: [0, 0, 0, 0] },
  groups: { groups: 2, stride: [1, 2] },
  depthwise: { groups: 6, outputs: 12 },
  'long rows': { width: 150, batch: 3 },
  'one row': { height: 1, width: 300, kernel: [1, 1], padding: [0, 0, 0, 0], batch: 1, channels: 20, outputs: 9 },
}

/** Calls `visit` for every product, with the indices of its input, weight and output. */
function products(g: ConvolutionGeometry, visit: (x: number, w: number, y: number) => void): void {
  const [outputHeight, outputWidth] = convolutionOutput(g)
  const [depth, columns] = [g.channels / g.groups, g.outputs / g.groups]
  const [kernelHeight, kernelWidth] = g.kernel
  let output = 0
  for (let n = 0; n < g.batch; n++) {
    for (let pixel = 0; pixel < outputHeight * outputWidth; pixel++) {
      const top = Math.floor(pixel / outputWidth) * g.stride[0] - g.padding[0]
      const left = (pixel % outputWidth) * g.stride[1] - g.padding[2]
      for (let o = 0; o < g.outputs; o++, output++) {
        for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
          const y = top + Math.floor(tap / kernelWidth) * g.dilation[0]
          const x = left + (tap % kernelWidth) * g.dilation[1]
          if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue
          const pixelAt = ((n * g.height + y) * g.width + x) * g.channels + Math.floor(o / columns) * depth
          for (let d = 0; d < depth; d++) {
            visit(pixelAt + d, (o * depth + d) * kernelHeight * kernelWidth + tap, output)
          }
        }
      }
    }
  }
}

function sizesOf(g: ConvolutionGeometry) {
  const [height, width] = convolutionOutput(g)
  return {
    input: g.batch * g.height * g.width * g.channels,
    weights: ((g.outputs * g.channels) / g.groups) * g.kernel[0] * g.kernel[1],
    output: g.batch * height * width * g.outputs,
  }
}

/** The gradient of the input, plus `residual` if there is one. */
function inputGradient(options: KernelOptions, g: ConvolutionGeometry, residual?: Float32Array) {
  const plan = planConvolutionInputGradient(g)
  const sizes = sizesOf(g)
  return runInstructions(options, sizes.input, (place, output) => {
    const packed = place(new Float32Array(plan.packedFloats).fill(Number.NaN))
    const run = plan.run({
      input: place(values(sizes.output, 2)),
      weights: packed,
      residual: residual ? place(residual) : 0,
      output,
      zeros: place(plan.zeros),
      workspace: place(
        new Float32Array(plan.workspaceFloats + (options.threads ?? 1) * plan.threadFloats).fill(Number.NaN),
      ),
    })
    return [...plan.pack(place(values(sizes.weights, 1)), packed), ...run]
  })
}

function weightGradient(options: KernelOptions, g: ConvolutionGeometry, plan: WeightGradientPlan) {
  const sizes = sizesOf(g)
  return runInstructions(options, sizes.weights, (place, output) =>
    plan.run({
      input: place(values(sizes.input, 1)),
      gradient: place(values(sizes.output, 2)),
      output,
      workspace: place(new Float32Array(plan.workspaceFloats).fill(Number.NaN)),
    }),
  )
}

describe.each(supportedBuilds())('%s', build => {
  test.each(Object.entries(cases))('gradient of the input: %s', async (_, change) => {
    const g = { ...base, ...change }
    const sizes = sizesOf(g)
    const [w, dy] = [values(sizes.weights, 1), values(sizes.output, 2)]
    const want = new Float64Array(sizes.input)
    products(g, (x, weight, y) => {
      want[x] += w[weight] * dy[y]
    })
    const got = await inputGradient({ build }, g)
    expectClose(got, want, 1e-4)
    const residual = values(sizes.input, 3)
    expectClose(
      await inputGradient({ build }, g, residual),
      want.map((value, i) => value + residual[i]),
      1e-4,
    )
    for (const threads of [2, 3]) expect(await inputGradient({ build, threads }, g)).toEqual(got)
  })
  test.each(Object.entries(cases))('gradient of the weights: %s', async (_, change) => {
    const g = { ...base, ...change }
    const sizes = sizesOf(g)
    const [input, dy] = [values(sizes.input, 1), values(sizes.output, 2)]
    const want = new Float64Array(sizes.weights)
    products(g, (x, weight, y) => {
      want[weight] += input[x] * dy[y]
    })
    for (const plan of Object.values(weightGradientPlans(g))) {
      const got = await weightGradient({ build }, g, plan)
      expectClose(got, want, 1e-4)
      for (const threads of [2, 3]) expect(await weightGradient({ build, threads }, g, plan)).toEqual(got)
    }
  })
})
