// Measures the choice of algorithms for convolutions: for each shape, every algorithm that can run it.
//
//   pnpm build && node bench/algorithms.mjs [--threads 1]
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  convolutionOutput,
  convolutionPlans,
  loadKernels,
  planConvolution,
} from '../packages/kernels-wasm/dist/index.js'

const { values } = parseArgs({ options: { threads: { type: 'string', default: '1' } } })
const kernels = await loadKernels({ threads: Number(values.threads) })

/** `[batch, side, channels, outputs, kernel, stride, groups]`: convolutions of the networks here. */
const shapes = [
  [1, 224, 3, 64, 7, 2],
  [1, 56, 64, 64, 3],
  [1, 28, 128, 128, 3],
  [1, 14, 256, 256, 3],
  [1, 7, 512, 512, 3],
  [1, 5, 512, 512, 3],
  [1, 2, 512, 512, 3],
  [8, 7, 512, 512, 3],
  [1, 56, 64, 128, 3, 2],
  [1, 56, 64, 256, 1],
  [1, 14, 1024, 256, 1],
  [1, 7, 2048, 512, 1],
  [1, 56, 128, 128, 3, 1, 32],
  [1, 14, 512, 512, 3, 1, 32],
  [1, 14, 96, 96, 3],
  [1, 32, 3, 16, 3],
  [1, 32, 8, 8, 3],
  [1, 32, 16, 16, 3],
  [1, 8, 64, 64, 3],
  [1, 4, 64, 64, 3],
  [128, 32, 16, 16, 3],
  [128, 16, 32, 32, 3],
  [128, 8, 64, 64, 3],
  [1, 32, 4, 64, 3],
  [1, 32, 64, 4, 3],
]

/** Runs in one measurement, whose median counts. */
const ROUNDS = 17
/** Copies of the weights, used in turn: in a network, other layers push a layer's weights out of the caches. */
const COPIES = 8

const floats = count => count * 4

/** Median milliseconds of a run. Weights and images are zeros: the kernels do not look at values. */
async function time(geometry, plan) {
  const [height, width] = convolutionOutput(geometry)
  const sizes = {
    input: floats(geometry.batch * geometry.height * geometry.width * geometry.channels),
    weights: floats(plan.packedFloats) * COPIES,
    bias: floats(plan.biasFloats),
    output: floats(geometry.batch * height * width * geometry.outputs),
    zeros: floats(plan.zeros),
    workspace: floats(plan.workspaceFloats + kernels.threads * plan.threadFloats),
  }
  const buffers = Object.fromEntries(Object.entries(sizes).map(([name, bytes]) => [name, kernels.allocate(bytes)]))
  for (const [name, address] of Object.entries(buffers)) kernels.floats(address, sizes[name] / 4).fill(0)
  const programs = Array.from({ length: COPIES }, (_, copy) => {
    const weights = buffers.weights + copy * floats(plan.packedFloats)
    return kernels.load(plan.run({ ...buffers, weights, residual: 0, activation: 'relu' }))
  })
  const times = []
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    await kernels.execute(programs[i % COPIES])
    times.push(performance.now() - start)
  }
  for (const program of programs) kernels.unload(program)
  for (const [name, address] of Object.entries(buffers)) kernels.release(address, sizes[name])
  return times.sort((a, b) => a - b)[ROUNDS >> 1]
}

console.log(`Node ${process.version}, build ${kernels.build}, ${kernels.threads} threads, ${cpus()[0].model}`)
console.log('input              outputs  kernel  stride  groups  milliseconds (GFLOP/s), the chosen one first')
for (const [batch, side, channels, outputs, kernel, stride = 1, groups = 1] of shapes) {
  const padding = kernel >> 1
  const geometry = {
    batch,
    height: side,
    width: side,
    channels,
    outputs,
    groups,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    dilation: [1, 1],
    padding: [padding, padding, padding, padding],
  }
  const [height, width] = convolutionOutput(geometry)
  const operations = (2 * batch * height * width * outputs * kernel * kernel * channels) / groups
  const chosen = programOf(planConvolution(geometry))
  const results = []
  for (const [name, plan] of Object.entries(convolutionPlans(geometry))) {
    const milliseconds = await time(geometry, plan)
    const text = `${name} ${milliseconds.toFixed(3)} (${(operations / milliseconds / 1e6).toFixed(0)})`
    if (programOf(plan) === chosen) results.unshift({ text, milliseconds })
    else results.push({ text, milliseconds })
  }
  const isRight = results.every(({ milliseconds }) => milliseconds >= results[0].milliseconds)
  const columns = [`${batch}x${side}x${side}x${channels}`.padEnd(17), outputs, kernel, stride, groups]
  const text = results.map(result => result.text).join('  ')
  console.log(
    columns.map(value => String(value).padStart(6)).join('  '),
    ` ${text}${isRight ? '' : '  <- not the fastest'}`,
  )
}
process.exit()
