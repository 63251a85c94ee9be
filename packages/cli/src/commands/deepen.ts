import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Comparison, Movement } from '@residual/lab'
import type { Model } from '@residual/resnet'
import type { TrainingSource } from '@residual/vision'
import { type Command, InvalidArgumentError } from 'commander'
import { DATA, IGNORE_NAMES, openSplit, openTrainingData, type TrainingData } from '../data.ts'
import { CommandError } from '../errors.ts'
import { interruptible } from '../interrupt.ts'
import {
  addImageOptions,
  addModelOptions,
  addNormalisationOptions,
  addRunOptions,
  type ImageOptions,
  type ModelOptions,
  type NormalisationOptions,
  openModel,
  type RunOptions,
  wholeNumber,
} from '../options.ts'
import { bold, count, Progress, pairs, percent, printJson, printLine, printNote, table } from '../output.ts'

interface Options extends ModelOptions, RunOptions, NormalisationOptions, ImageOptions {
  readonly depth: number
  readonly out: string
  readonly at?: 'even' | 'end' | readonly string[]
  readonly linear?: true
  readonly data?: string
  readonly limit?: number
  readonly ignoreNames?: true
  readonly seed?: number
  readonly finetune?: true
  readonly epochs: number
  readonly lr: number
  readonly json?: true
}

export function addDeepen(program: Command): void {
  const command = addModelOptions(
    program
      .command('deepen')
      .description('add blocks or layers that do nothing to a trained network, the solution by construction'),
  )
    .requiredOption('--depth <n>', 'layers of the deeper network, as in resnet56', wholeNumber(1, 2000))
    .requiredOption('--out <dir>', 'directory for the deeper network')
    .option(
      '--at <places>',
      'behind which blocks: even, end, or names such as layer1.0,layer2.1 (default: even)',
      places,
    )
    .option('--linear', 'add linear layers behind the blocks of each stage, in place of blocks')
    .option('--data <path>', `images to compare the two with: ${DATA}`)
    .option('--limit <n>', 'compare on the first test images only (default: all)', wholeNumber(1, 1_000_000_000))
    .option('--ignore-names', IGNORE_NAMES)
    .option('--seed <n>', 'decides the new weights (default: 0)', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--finetune', 'train what was added on --data, all else staying as it is, and show how far it moved')
    .option('--epochs <n>', 'passes over the data of --finetune', wholeNumber(1, 1_000_000), 1)
    .option('--lr <rate>', 'learning rate of --finetune, which falls to 0', rate, 0.00001)
  addImageOptions(addNormalisationOptions(addRunOptions(command)))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ residual deepen --model resnet20.th --depth 56 --out resnet56 --data cifar10',
    )
    .action(run)
}

const places = (text: string): NonNullable<Options['at']> =>
  text === 'even' || text === 'end' ? text : text.split(',')

function rate(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('Wanted a number above 0.')
}

async function run(options: Options, command: Command): Promise<void> {
  const { depth, out, at, linear, data, limit, ignoreNames, seed, finetune, epochs, lr, json, ...rest } = options
  const { threads, build, ...source } = rest
  if (finetune && data === undefined) command.error('--finetune needs --data')
  const [{ saveModel }, { deepen }] = await Promise.all([import('@residual/resnet'), import('@residual/lab')])
  if (existsSync(join(out, 'model.safetensors'))) {
    throw new CommandError(`${JSON.stringify(out)} holds a model; give another directory`)
  }
  const model = await openModel({ ...source, threads, build })
  const needsStatistics = model.architecture.shortcut === 'none' && !linear && data !== undefined
  const seen = needsStatistics ? await someImages(model, data, options) : undefined
  const { model: deeper, added } = await deepen(model, { depth, at, linear, seed, images: seen, threads, build })
  // Every fifth image of a folder without a part for tests.
  const parts = finetune && (await openTrainingData(data!, 5, options))
  const images = parts ? measuredOn(parts) : data && (await openSplit(data, 'test', options))
  const measure = { limit, ignoreNames }
  const compared = images ? await compare(model, deeper, images, measure) : await compareOnNoise(model, deeper)
  const tuned =
    parts && (await fineTune({ model, deeper, added }, parts, measure, { out, epochs, lr, seed, threads, build }))
  if (finetune && !tuned) {
    printNote(`stopped and saved; 'residual train --resume --out ${out} --data ${data}' goes on`)
    return
  }
  if (!finetune) await saveModel(out, deeper)
  const result: Result = {
    ...{ model: model.name, from: model.architecture.name, to: deeper.architecture.name, added },
    ...{ images: compared.images, largestDifference: compared.largestDifference },
    ...('top1Before' in compared && { top1Before: compared.top1Before, top1After: compared.top1After }),
    ...(tuned && { epochs, ...tuned }),
    out,
  }
  if (json) printJson(result)
  else print(result, tuned, linear ? 'linear layer' : 'block')
}

interface Result extends Pick<Comparison, 'images' | 'largestDifference'>, Partial<Tuned> {
  readonly top1Before?: number
  readonly top1After?: number
  readonly model: string
  readonly from: string
  readonly to: string
  readonly added: readonly string[]
  readonly epochs?: number
  readonly out: string
}

interface Tuned extends Pick<Comparison, 'gained' | 'lost' | 'pValue'> {
  readonly top1Tuned: number
  readonly moved: readonly Movement[]
}

/** The images that tell the accuracy. */
const measuredOn = ({ data, test }: TrainingData): TrainingSource => test ?? data

/** Enough for statistics of a channel. */
const STATISTICS_IMAGES = 256

/** The first images of the training split, which a few of every class are among only where it is in no order. */
async function someImages(model: Model, path: string, options: ImageOptions) {
  const data = await openSplit(path, 'train', options)
  const { loadBatches } = await import('@residual/vision')
  const batch = Math.min(STATISTICS_IMAGES, data.length)
  for await (const { images } of loadBatches(data, { ...model.preprocessing, batch, to: 1 }))
    return { images, n: batch }
  return undefined
}

async function compare(
  before: Model,
  after: Model,
  images: TrainingSource,
  measure: MeasureOptions,
): Promise<Comparison> {
  const { compareModels } = await import('@residual/lab')
  const progress = new Progress()
  const onProgress = (done: number, total: number) => progress.update(done, total)
  return compareModels(before, after, images, { ...measure, onProgress }).finally(() => progress.end())
}

const NOISE_IMAGES = 4

/** Where there are no images, what is not one will do to show that the networks are the same. */
async function compareOnNoise(model: Model, deeper: Model) {
  const side = model.preprocessing.crop
  const images = Float32Array.from({ length: NOISE_IMAGES * side * side * 3 }, () => 4 * Math.random() - 2)
  const [a, b] = [await model.logits(images, NOISE_IMAGES), await deeper.logits(images, NOISE_IMAGES)]
  const largestDifference = a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0)
  return { images: NOISE_IMAGES, largestDifference }
}

type MeasureOptions = Pick<Options, 'limit' | 'ignoreNames'>
type TuneOptions = Pick<Options, 'out' | 'epochs' | 'lr' | 'seed' | 'threads' | 'build'>

/** Undefined where it was stopped. */
async function fineTune(
  { model, deeper, added }: { model: Model; deeper: Model; added: readonly string[] },
  parts: TrainingData,
  measure: MeasureOptions,
  { lr, epochs, out, seed, threads, build }: TuneOptions,
): Promise<Tuned | undefined> {
  const [{ Model }, { train }, { movementOf }] = await Promise.all([
    import('@residual/resnet'),
    import('@residual/train'),
    import('@residual/lab'),
  ])
  // Without weight decay, which would move weights that learn nothing.
  const optimizer = { weightDecay: 0 }
  const schedule = { kind: 'cosine', rate: lr } as const
  const changes = { epochs, batch: 128, layerRate: 1, optimizer, schedule }
  // Names that are to be ignored keep no classifier from being that of the data.
  const begun = measure.ignoreNames ? new Model({ ...deeper, labels: parts.data.classes }, { threads, build }) : deeper
  const progress = new Progress()
  const training = await interruptible(async signal => {
    const how = { model: begun, only: added, recipe: 'finetune', changes, out, seed, threads, build, signal }
    const events = train({ ...parts, ...how })
    try {
      for await (const event of events) {
        if (event.kind === 'step') progress.update(event.step * changes.batch, epochs * parts.data.length)
      }
    } finally {
      progress.end()
    }
    return signal.aborted ? undefined : events
  })
  if (!training) return undefined
  const tuned = await training.model()
  const { top1After, gained, lost, pValue } = await compare(model, tuned, measuredOn(parts), measure)
  return { top1Tuned: top1After, gained, lost, pValue, moved: await movementOf(deeper, tuned, added) }
}

/** Above this probability a difference is one that chance makes. */
const SIGNIFICANT = 0.05

function exchange({ gained, lost, pValue }: Tuned): string {
  const told = pValue > SIGNIFICANT ? 'no more than chance does' : 'more than chance does'
  return `${count(gained)} ${gained === 1 ? 'image' : 'images'} gained, ${count(lost)} lost, ${told} (p ${pValue < 0.001 ? '< 0.001' : `= ${pValue.toPrecision(2)}`})`
}

/** Two digits, however small it is. */
const share = (fraction: number): string =>
  fraction.toLocaleString('en', { style: 'percent', maximumSignificantDigits: 2 })

function print(result: Result, tuned: Tuned | undefined, what: 'linear layer' | 'block'): void {
  const { images, largestDifference, top1Before, top1After, added, epochs } = result
  const onWhat = top1After === undefined ? `${images} images of noise` : `${count(images)} images`
  const lines: [string, string][] = [
    ['model', `${result.model}, ${result.from}`],
    ['deeper', `${result.to}, ${added.length} new ${what}s: ${added.join(' ')}`],
    ['logits', `differ by ${bold(String(Number(largestDifference.toPrecision(3))))} at most, on ${onWhat}`],
  ]
  if (top1Before !== undefined && top1After !== undefined) {
    lines.push(['top1', `${percent(top1Before, 2)} before, ${bold(percent(top1After, 2))} after`])
  }
  if (tuned) {
    const after = `after ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`
    lines.push(['fine-tuned', `${bold(percent(tuned.top1Tuned, 2))} ${after}: ${exchange(tuned)}`])
  }
  lines.push(['in', result.out])
  pairs(lines).forEach(printLine)
  if (!tuned) return
  printLine()
  const rows = tuned.moved.map(({ block, change, scale }) => [block, share(change), scale.toPrecision(3)])
  table([`new ${what}`, '>weights moved', what === 'block' ? '>size of last gamma' : '>size of weights'], rows).forEach(
    printLine,
  )
}
