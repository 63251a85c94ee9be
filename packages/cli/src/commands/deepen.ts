import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { above0, list, text, value, whole } from '@residual/core/schema'
import type { Comparison, Movement } from '@residual/lab'
import type { Model } from '@residual/resnet'
import type { TrainingSource } from '@residual/vision'
import { command } from '../command.ts'
import { CommandError } from '../errors.ts'
import { DATA, ignoreNamesOption, limitOption, openSplit, openTrainingData, type TrainingData } from '../groups/data.ts'
import { imageOptions } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { interruptible } from '../interrupt.ts'
import { flag, json, option, type Values } from '../option.ts'
import { bold, count, pairs, percent, printJson, printLine, printNote, table } from '../output.ts'
import { Progress, withProgress } from '../progress.ts'

const places = value<'even' | 'end' | readonly string[]>('places', () => true, {
  text: (given: string) => (given === 'even' || given === 'end' ? given : given.split(',')),
})

/** How the networks are compared. */
const measureOptions = {
  data: option('path', text.optional().help(`images to compare the two networks on: ${DATA}`)),
  limit: limitOption('compare on only the first n test images'),
  ignoreNames: ignoreNamesOption,
}

const tuneOptions = {
  seed: option('n', whole(0, Number.MAX_SAFE_INTEGER).optional().help('seed of the new weights (default: 0)')),
  finetune: flag('train only what was added, on --data, and show how far it moved'),
  epochs: option('n', whole(1, 1_000_000).default(1).help('passes over the data with --finetune')),
  lr: option('rate', above0().default(0.00001).help('learning rate with --finetune, which falls to 0')),
}

export default command({
  name: 'deepen',
  group: 'Experiments',
  summary: 'deepen a trained network with blocks or layers that do nothing, the solution by construction',
  options: {
    ...modelOptions,
    depth: option('n', whole(1, 2000).optional().help('layers of the deeper network, as in resnet56')),
    layers: option('list', list(whole(1, 1000)).optional().help('blocks in each stage, instead of --depth: 3,8,36,3')),
    out: option('dir', text.help('directory for the deeper network')),
    at: option(
      'places',
      places
        .optional()
        .help('where to add blocks: even, end, or after blocks such as layer1.0,layer2.1 (default: even)'),
    ),
    linear: flag('add linear layers after the blocks of each stage, instead of blocks'),
    ...measureOptions,
    ...tuneOptions,
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    json: json(),
  },
  examples: ['deepen --model resnet20.th --depth 56 --out resnet56 --data cifar10'],
  async run(options) {
    const { depth, layers, out, at, linear, data, limit, ignoreNames, seed, finetune, epochs, lr, json } = options
    const { threads, build } = options
    if ((depth === undefined) === (layers === undefined)) throw new CommandError('give one of --depth and --layers', 2)
    if (finetune && data === undefined) throw new CommandError('--finetune needs --data', 2)
    const [{ saveModel }, { deepen }] = await Promise.all([import('@residual/resnet'), import('@residual/lab')])
    if (existsSync(join(out, 'model.safetensors'))) {
      throw new CommandError(`${JSON.stringify(out)} holds a model; give another directory`)
    }
    const model = await openModel(options)
    const needsStatistics = model.architecture.shortcut === 'none' && !linear && data !== undefined
    const seen = needsStatistics ? await someImages(model, data, options) : undefined
    const { model: deeper, added } = await deepen(model, {
      depth,
      layers,
      at,
      linear,
      seed,
      images: seen,
      threads,
      build,
    })
    // Keeps every fifth image for testing if the folder has no test split.
    const parts = finetune ? await openTrainingData(data!, 5, options) : undefined
    const images = parts ? measuredOn(parts) : data && (await openSplit(data, 'test', options))
    const measure = { limit, ignoreNames }
    const compared = images ? await compare(model, deeper, images, measure) : await compareOnNoise(model, deeper)
    const tuned =
      parts && (await fineTune({ model, deeper, added }, parts, measure, { out, epochs, lr, seed, threads, build }))
    if (finetune && !tuned) {
      printNote(`stopped and saved; continue with 'residual train --resume --out ${out} --data ${data}'`)
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
  },
})

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

/** The images that accuracy is measured on. */
const measuredOn = ({ data, test }: TrainingData): TrainingSource => test ?? data

/** Enough for the statistics of a channel. */
const STATISTICS_IMAGES = 256

/** The first images of the training split. They include every class only if the split is not sorted. */
async function someImages(model: Model, path: string, options: Values<typeof imageOptions>) {
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
  return withProgress(onProgress => compareModels(before, after, images, { ...measure, onProgress }))
}

const NOISE_IMAGES = 4

/** Without images, noise is enough to show that the networks are the same. */
async function compareOnNoise(model: Model, deeper: Model) {
  const side = model.preprocessing.crop
  const images = Float32Array.from({ length: NOISE_IMAGES * side * side * 3 }, () => 4 * Math.random() - 2)
  const [a, b] = [await model.logits(images, NOISE_IMAGES), await deeper.logits(images, NOISE_IMAGES)]
  const largestDifference = a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0)
  return { images: NOISE_IMAGES, largestDifference }
}

type MeasureOptions = Omit<Values<typeof measureOptions>, 'data'>
type TuneOptions = Omit<Values<typeof tuneOptions & typeof runOptions>, 'finetune'> & { readonly out: string }

/** Trains the new blocks; undefined if the training was stopped. */
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
  // If names are ignored, the classifier counts as the data's, and training keeps it.
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
      progress.clear()
    }
    return signal.aborted ? undefined : events
  })
  if (!training) return undefined
  const tuned = await training.model()
  const { top1After, gained, lost, pValue } = await compare(model, tuned, measuredOn(parts), measure)
  return { top1Tuned: top1After, gained, lost, pValue, moved: await movementOf(deeper, tuned, added) }
}

/** A difference with a larger p-value may be chance. */
const SIGNIFICANT = 0.05

function exchange({ gained, lost, pValue }: Tuned): string {
  const told = pValue > SIGNIFICANT ? 'no more than by chance' : 'more than by chance'
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
