import { cpus } from 'node:os'
import type { StepTime } from '@residual/core'
import type { Model } from '@residual/resnet'
import type { Command } from 'commander'
import { CommandError } from '../errors.ts'
import {
  addArchitectureOptions,
  addRunOptions,
  findArchitecture,
  type ModelOptions,
  openModel,
  type RunOptions,
  requireModelOrArchitecture,
  wholeNumber,
} from '../options.ts'
import { bold, count, milliseconds, pairs, percent, printJson, printLine, rounded, table } from '../output.ts'

interface Options extends ModelOptions, RunOptions {
  readonly batch: number
  readonly input?: number
  readonly perLayer?: true
  readonly json?: true
}

/** Enough for V8 to replace its first, slower code of the kernels. */
const WARM_UPS = 3
/** Timing goes on for so long, and for so many runs at least. */
const TIMED = { milliseconds: 2000, runs: 5 }

/** Pixels that fill WebAssembly's memory alone are refused before they are made. */
const MEMORY = 2 ** 32

export function addBench(program: Command): void {
  const command = program.command('bench').description('measure how fast a network runs, from pixels to logits')
  addRunOptions(addArchitectureOptions(command))
    .option('--batch <n>', 'pictures in one run of the network', wholeNumber(1, 100_000), 1)
    .option('--input <side>', "height and width of the pictures (default: the model's)", wholeNumber(1, 16_384))
    .option('--per-layer', 'also list the layers: time, speed, share and kernel of each')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ residual bench --arch resnet18 --threads 2')
    .action(bench)
}

async function bench({ batch, input, perLayer, json, ...options }: Options, command: Command): Promise<void> {
  requireModelOrArchitecture(command, options)
  const model = await benchedModel(options)
  const side = input ?? model.preprocessing.crop
  if (batch * side * side * 3 * 4 > MEMORY) {
    throw new CommandError(`--batch ${batch}: as many pictures of ${side} x ${side} do not fit into 4 GB`, 2)
  }
  const { build, threads } = await model.prepare(batch, side)
  const images = new Float32Array(batch * side * side * 3).map((_, i) => Math.sin(i))
  const times = await timeRuns(() => model.logits(images, batch))
  const [min, median] = [times[0], (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2]
  const arch = model.architecture.name
  const cpu = cpus()[0]?.model.trim() ?? 'unknown'
  const layers = perLayer ? await timeLayers(() => model.profile(images, batch)) : undefined
  if (json) {
    const measured = { min: rounded(min), median: rounded(median) }
    return printJson({ arch, batch, threads, milliseconds: measured, build, node: process.version, cpu, layers })
  }
  const rate = (1000 * batch) / median
  pairs([
    ['network', `${bold(arch)}, ${batch} x ${side} x ${side} x 3`],
    ['fastest', milliseconds(min)],
    [
      'median',
      `${bold(milliseconds(median))} of ${count(times.length)} runs, ${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} images/s`,
    ],
    ['build', `${build}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`],
    ['node', process.version],
    ['cpu', cpu],
  ]).forEach(printLine)
  if (layers) {
    printLine()
    layerTable(layers).forEach(printLine)
  }
}

/** The model that is named, or an architecture with weights nobody trained: speed does not depend on them. */
async function benchedModel({ model, arch, ...options }: ModelOptions & RunOptions): Promise<Model> {
  const { untrainedModel } = await import('@residual/resnet')
  if (model === undefined && arch !== undefined) return untrainedModel(await findArchitecture(arch), options)
  return openModel({ model, arch, ...options })
}

/** Milliseconds of each run, the shortest first. */
async function timeRuns(run: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < WARM_UPS; i++) await run()
  const times: number[] = []
  const start = performance.now()
  while (times.length < TIMED.runs || performance.now() - start < TIMED.milliseconds) {
    const before = performance.now()
    await run()
    times.push(performance.now() - before)
  }
  return times.sort((a, b) => a - b)
}

/** The steps of a network, each with the shortest of its times. */
async function timeLayers(profile: () => Promise<StepTime[]>): Promise<StepTime[]> {
  const runs: StepTime[][] = []
  await timeRuns(async () => runs.push(await profile()))
  return runs[0].map((step, i) => ({
    ...step,
    milliseconds: rounded(Math.min(...runs.map(run => run[i].milliseconds))),
  }))
}

function layerTable(layers: readonly StepTime[]): string[] {
  const total = layers.reduce((sum, layer) => sum + layer.milliseconds, 0)
  const rows = layers.map(({ name, operation, shape, macs, milliseconds, kernel }) => [
    name || operation,
    shape.slice(1).join(' x '),
    milliseconds.toFixed(3),
    macs === 0 ? '' : ((2 * macs) / milliseconds / 1e6).toFixed(1),
    percent(milliseconds / total),
    kernel,
  ])
  return table(['layer', 'output', '>ms', '>GFLOP/s', '>share', 'kernel'], rows)
}
