import { cpus } from 'node:os'
import type { StepTime } from '@residual/core'
import { whole } from '@residual/core/schema'
import { command } from '../command.ts'
import { CommandError } from '../errors.ts'
import { architectureOptions, requireModelOrArchitecture, sideOption } from '../groups/model.ts'
import { runOptions, runText } from '../groups/run.ts'
import { flag, json, option } from '../option.ts'
import { bold, count, milliseconds, pairs, percent, printJson, printLine, rounded, table } from '../output.ts'
import { differenceOf, installedRival, prepareRival, type Rival } from '../rival.ts'
import { timedModel, timeLayers, timeRuns } from '../timing.ts'

/** Images that alone would fill WebAssembly's memory are refused before they are made. */
const MEMORY = 2 ** 32

export default command({
  name: 'bench',
  group: 'Networks',
  summary: 'measure how fast a network runs, from pixels to logits',
  options: {
    ...architectureOptions,
    ...runOptions,
    batch: option('n', whole(1, 100_000).default(1).help('images in one run of the network')),
    input: sideOption('model'),
    perLayer: flag('also list the time, speed, share and kernel of each layer'),
    compare: flag('also time onnxruntime-web on the same network; it must be installed'),
    json: json(),
  },
  examples: ['bench --arch resnet18 --threads 2'],
  async run({ batch, input, perLayer, compare, json, ...options }) {
    requireModelOrArchitecture(options)
    const runtime = compare ? installedRival() : undefined
    const model = await timedModel(options)
    const side = input ?? model.preprocessing.crop
    if (batch * side * side * 3 * 4 > MEMORY) {
      throw new CommandError(`--batch ${batch}: that many images of ${side} x ${side} do not fit into 4 GB`, 2)
    }
    const { build, threads } = await model.prepare(batch, side)
    const images = new Float32Array(batch * side * side * 3).map((_, i) => Math.sin(i))
    const ours = summaryOf(await timeRuns(() => model.logits(images, batch)))
    const arch = model.architecture.name
    const cpu = cpus()[0]?.model.trim() ?? 'unknown'
    const layers = perLayer ? await timeLayers(() => model.profile(images, batch)) : undefined
    const rival = runtime && (await prepareRival(runtime, model, images, [batch, side], threads))
    const compared = rival && (await compareWith(rival, await model.logits(images, batch), ours.median))
    if (json) {
      const milliseconds = { min: ours.min, median: ours.median }
      return printJson({ arch, batch, threads, milliseconds, build, node: process.version, cpu, layers, compared })
    }
    const rate = (1000 * batch) / ours.median
    pairs([
      ['network', `${bold(arch)}, ${batch} x ${side} x ${side} x 3`],
      ['fastest', milliseconds(ours.min)],
      [
        'median',
        `${bold(milliseconds(ours.median))} of ${count(ours.runs)} runs, ${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} images/s`,
      ],
      ['build', runText(build, threads)],
      ['node', process.version],
      ['cpu', cpu],
      ...(compared ? [['rival', describe(compared)] as const] : []),
    ]).forEach(printLine)
    if (layers) {
      printLine()
      layerTable(layers).forEach(printLine)
    }
  },
})

interface Times {
  readonly min: number
  readonly median: number
  readonly runs: number
}

const summaryOf = (sorted: readonly number[]): Times => {
  const median = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
  return { min: rounded(sorted[0]), median: rounded(median), runs: sorted.length }
}

/** The times of a rival, for printing. */
interface RivalTimes {
  readonly name: string
  readonly version: string
  readonly milliseconds: { readonly min: number; readonly median: number }
  /** Its median time divided by ours. */
  readonly ratio: number
  /** The largest difference of its logits from ours, relative to their root mean square. */
  readonly difference: number
}

/** The largest difference of logits that rounding explains; see docs/performance.md. */
const TOLERANCE = 1e-4

async function compareWith(rival: Rival, logits: Float32Array, ours: number): Promise<RivalTimes> {
  const { name, version, run } = rival
  const difference = differenceOf(logits, await run())
  if (!(difference < TOLERANCE)) {
    throw new CommandError(`--compare: the logits of ${name} differ from ours by ${percent(difference)} of their size`)
  }
  const { min, median } = summaryOf(await timeRuns(run))
  const ratio = rounded(median / ours)
  return { name, version, milliseconds: { min, median }, ratio, difference: Number(difference.toPrecision(2)) }
}

const describe = ({ name, version, milliseconds: { min, median }, ratio, difference }: RivalTimes): string =>
  `${name} ${version}: fastest ${milliseconds(min)}, median ${milliseconds(median)}, ${bold(`${ratio.toFixed(2)} x`)} ours; logits differ by ${difference} of their size`

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
