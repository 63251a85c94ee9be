import type { GradientTrace, Measurement } from '@residual/lab'
import type { Initialization } from '@residual/train'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { logChart } from '../chart.ts'
import { DATA, openTrainingData } from '../data.ts'
import { CommandError } from '../errors.ts'
import {
  addImageOptions,
  addNetworksOptions,
  addRunOptions,
  findNetworks,
  type ImageOptions,
  type NetworksOptions,
  type RunOptions,
  wholeNumber,
} from '../options.ts'
import { bold, count, dim, Progress, percent, printJson, printLine, table } from '../output.ts'
import { positive } from '../training.ts'

interface Options extends RunOptions, NetworksOptions, ImageOptions {
  readonly initialization: Initialization
  readonly batchNorm: boolean
  readonly steps: number
  readonly data: string
  readonly batch: number
  readonly lr: number
  readonly seed: number
  readonly output?: string
  readonly figure: (typeof FIGURES)[number]
  readonly json?: true
}

const FIGURES = ['gradient', 'signal', 'response', 'direct'] as const

export function addGradients(program: Command): void {
  const command = addNetworksOptions(
    program
      .command('gradients')
      .description('measure the gradient in each layer of networks, as they begin and while they are trained'),
  )
    .addOption(
      new Option('--initialization <name>', 'how weights are drawn')
        .choices(['kaiming', 'xavier', 'gaussian'])
        .default('kaiming'),
    )
    .option('--no-batch-norm', 'networks without batch norms')
    .option('--steps <n>', 'train for so many updates, measuring about ten times', wholeNumber(0, 1_000_000), 0)
    .option('--data <path>', DATA, 'shapes')
    .option('--batch <n>', 'images to measure on, and in an update', wholeNumber(1, 65_536), 64)
    .option('--lr <rate>', 'learning rate', positive, 0.1)
    .option('--seed <n>', 'decides all that is random', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option('-o, --output <file>', 'also draw it, into an .html or .svg file', figureFile)
    .addOption(new Option('--figure <name>', 'what an .svg file shows').choices(FIGURES).default('gradient'))
  addImageOptions(addRunOptions(command))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  $ residual gradients\n  $ residual gradients --no-batch-norm --initialization gaussian -o vanishing.html\n  $ residual gradients --depths 56 --steps 200 --threads 2 -o training.html',
    )
    .action(run)
}

function figureFile(text: string): string {
  if (/\.(html|svg)$/.test(text)) return text
  throw new InvalidArgumentError('Wanted a name that ends with .html or .svg.')
}

async function run(options: Options): Promise<void> {
  const { initialization, steps, batch, lr, seed, output, json, threads, build } = options
  const { gradientFindings, gradientPage, gradientSvgs, traceGradients, saveReport } = await import('@residual/lab')
  const networks = await findNetworks(options, options.batchNorm ? 'batch' : 'none')
  const architectures = [...new Set(networks)]
  if (options.figure === 'direct' && options.families.every(family => family === 'plain')) {
    throw new CommandError('--figure direct needs a network with shortcuts; add residual to --families', 2)
  }
  const data = await imagesOf(options)
  const progress = new Progress()
  const trace = await traceGradients(data, {
    ...{ architectures, initialization, steps, batch, rate: lr, seed, threads, build },
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.end())
  const figure = `${options.figure}-${trace.networks.some(({ measured }) => measured.length > 1) ? 'after' : 'before'}`
  if (output) await saveReport(output, output.endsWith('.svg') ? gradientSvgs(trace).get(figure)! : gradientPage(trace))
  const findings = gradientFindings(trace)
  if (json) printJson({ ...rounded(trace), findings, ...(output && { output }) })
  else await print(trace, findings, output)
}

/** Enough shapes for a short training. */
const SHAPES = 4096

async function imagesOf({ data, batch, ...options }: Options) {
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
  const after = isWhole ? `after ${count(steps)} ${steps === 1 ? 'update' : 'updates'}` : 'when measured last'
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
  chart('gradient', 'Length of the gradient in the weights, from the first convolution to the last')
  chart('signal', 'Length of the gradient that arrives there')
  printLine()
  const rows = networks.flatMap(network =>
    [...new Set([network.measured[0], last(network.measured)])].map(one => {
      const { architecture, step, loss, gradient, ratio, direct } = passageOf(network, one)
      const numbers = [gradient.first, gradient.last, ratio].map(value => value.toPrecision(2))
      const share = direct === undefined ? '' : percent(direct)
      return [architecture, count(step), loss.toFixed(2), ...numbers, share]
    }),
  )
  const headings = ['network', '>updates', '>loss', '>in first', '>in last', '>arrives, first/last', '>by shortcuts']
  for (const line of table(headings, rows)) printLine(line)
  printLine()
  for (const finding of findings) printLine(`- ${finding}`)
  if (output) printLine(dim(`Drawn in ${output}`))
}
