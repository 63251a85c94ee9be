import { number, oneOf, text, whole } from '@residual/core/schema'
import type { GradientTrace, Measurement } from '@residual/lab'
import { logChart } from '../chart.ts'
import { command } from '../command.ts'
import { CommandError } from '../errors.ts'
import { DATA, openTrainingData } from '../groups/data.ts'
import { alsoDrawing, draw } from '../groups/drawing.ts'
import { imageOptions } from '../groups/images.ts'
import { findNetworks, networksOptions } from '../groups/networks.ts'
import { runOptions } from '../groups/run.ts'
import { json, option, switchOff, type Values } from '../option.ts'
import { bold, count, dim, percent, printJson, printLine, table } from '../output.ts'
import { withProgress } from '../progress.ts'

export default command({
  name: 'gradients',
  group: 'Experiments',
  summary: 'measure the gradient in each layer of networks, before and during training',
  options: {
    ...networksOptions,
    initialization: option(
      'name',
      oneOf('kaiming', 'xavier', 'gaussian').default('kaiming').help('how the initial weights are drawn'),
    ),
    batchNorm: switchOff('build the networks without batch norms'),
    steps: option('n', whole(0, 1_000_000).default(0).help('train for n steps, and measure about ten times')),
    data: option('path', text.default('shapes').help(DATA)),
    batch: option('n', whole(1, 65_536).default(64).help('images to measure on, and in a step')),
    lr: option('rate', number(0).default(0.1).help('learning rate')),
    seed: option('n', whole(0, Number.MAX_SAFE_INTEGER).default(0).help('seed of everything random')),
    output: alsoDrawing({ html: 'a page', svg: 'one figure' }),
    figure: option(
      'name',
      oneOf('gradient', 'signal', 'response', 'direct').default('gradient').help('what an .svg file shows'),
    ),
    ...runOptions,
    ...imageOptions,
    json: json(),
  },
  examples: [
    'gradients',
    'gradients --no-batch-norm --initialization gaussian -o vanishing.html',
    'gradients --depths 56 --steps 200 --threads 2 -o training.html',
  ],
  async run({ initialization, batchNorm, steps, batch, lr, seed, output, figure, json, ...options }) {
    const { threads, build, families } = options
    const { gradientFindings, gradientPage, gradientSvgs, traceGradients } = await import('@residual/lab')
    const networks = await findNetworks(options, batchNorm ? 'batch' : 'none')
    const architectures = [...new Set(networks)]
    if (figure === 'direct' && families.every(family => family === 'plain')) {
      throw new CommandError('--figure direct needs a network with shortcuts; add residual to --families', 2)
    }
    const data = await imagesOf(options.data, batch, options)
    const trace = await withProgress(onProgress =>
      traceGradients(data, {
        ...{ architectures, initialization, steps, batch, rate: lr, seed, threads, build, onProgress },
      }),
    )
    const isTrained = trace.networks.some(({ measured }) => measured.length > 1)
    await draw(output, {
      html: () => gradientPage(trace),
      svg: () => gradientSvgs(trace).get(`${figure}-${isTrained ? 'after' : 'before'}`)!,
    })
    const findings = gradientFindings(trace)
    if (json) printJson({ ...rounded(trace), findings, ...(output && { output: output.path }) })
    else await print(trace, findings, output?.path)
  },
})

/** Enough shapes for a short training. */
const SHAPES = 4096

/** The images to train on, or drawn shapes. */
async function imagesOf(data: string, batch: number, options: Values<typeof imageOptions>) {
  if (data !== 'shapes') return (await openTrainingData(data, 0, options)).data
  const { drawShapes } = await import('@residual/vision')
  return drawShapes({ split: 'train', length: Math.max(SHAPES, batch) })
}

/** Six digits are more than float32's sums have. */
function rounded(trace: GradientTrace): GradientTrace {
  const shorten = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)
  return JSON.parse(JSON.stringify(trace, shorten))
}

async function print(trace: GradientTrace, findings: readonly string[], output: string | undefined): Promise<void> {
  const { gradientSetting, mainLayers, passageOf } = await import('@residual/lab')
  const { networks, steps } = trace
  const last = (measured: readonly Measurement[]) => measured[measured.length - 1]
  const isWhole = networks.every(({ measured }) => last(measured).step === steps)
  const after = isWhole ? `after ${count(steps)} ${steps === 1 ? 'step' : 'steps'}` : 'at the last measurement'
  const when = steps === 0 ? 'before training' : after
  const chart = (of: 'gradient' | 'signal', title: string) => {
    printLine()
    printLine(bold(`${title}, ${when}`))
    const lines = networks.map(({ architecture, measured }) => ({
      name: architecture,
      values: mainLayers(last(measured)).map(layer => layer[of]),
    }))
    logChart(lines).forEach(line => {
      printLine(line)
    })
  }
  printLine(gradientSetting(trace))
  chart('gradient', 'Length of the gradient of the weights, from the first convolution to the last')
  chart('signal', 'Length of the gradient at the outputs')
  printLine()
  const rows = networks.flatMap(network =>
    [...new Set([network.measured[0], last(network.measured)])].map(one => {
      const { architecture, step, loss, gradient, ratio, direct } = passageOf(network, one)
      const numbers = [gradient.first, gradient.last, ratio].map(value => value.toPrecision(2))
      const share = direct === undefined ? '' : percent(direct)
      return [architecture, count(step), loss.toFixed(2), ...numbers, share]
    }),
  )
  const headings = [
    'network',
    '>steps',
    '>loss',
    '>first weights',
    '>last weights',
    '>first/last output',
    '>by shortcuts',
  ]
  for (const line of table(headings, rows)) printLine(line)
  printLine()
  for (const finding of findings) printLine(`- ${finding}`)
  if (output) printLine(dim(`Drawn in ${output}`))
}
