import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Degradation, DegradeRun, RunName } from '@residual/lab'
import { type Command, Option } from 'commander'
import { DATA, openTrainingData } from '../data.ts'
import { interruptible } from '../interrupt.ts'
import {
  addImageOptions,
  addNetworksOptions,
  addRunOptions,
  findNetworks,
  type ImageOptions,
  type NetworksOptions,
  type RunOptions,
  wholeNumber,
  wholeNumbers,
} from '../options.ts'
import { bold, dim, percent, printJson, printLine, printNote } from '../output.ts'
import { namedRecipe, namingRecipe, positive, recipeChanges, TrainingBar } from '../training.ts'

interface Options extends RunOptions, NetworksOptions, ImageOptions {
  readonly seeds: readonly number[]
  readonly data?: string
  readonly recipe?: string
  readonly epochs?: number
  readonly batch?: number
  readonly lr?: number
  readonly limit?: number
  readonly out: string
  readonly checkpointEvery?: number
  readonly resume?: true
  readonly json?: true
}

export function addDegrade(program: Command): void {
  const command = addNetworksOptions(
    program
      .command('degrade')
      .description('train plain and residual networks of several depths, and show what depth does to their error'),
  )
    .addOption(
      new Option('--seeds <list>', 'train every network once with each; two or more give bands')
        .argParser(wholeNumbers(0, Number.MAX_SAFE_INTEGER))
        .default([0], '0'),
    )
    .option('--data <path>', `${DATA} (default: few shapes, which take minutes)`)
    .option('--recipe <name>', 'how to train: fast, paper, or a JSON file (default: one of its own)')
    .option('--epochs <n>', "passes over the data, in place of the recipe's", wholeNumber(1, 1_000_000))
    .option('--batch <n>', "images in a step, in place of the recipe's", wholeNumber(1, 65_536))
    .option('--lr <rate>', "highest learning rate, in place of the recipe's", positive)
    .option('--limit <n>', 'learn only so many images, evenly spread (default: all)', wholeNumber(1, 1_000_000_000))
    .option('--out <dir>', 'directory for the report, its figures and the trainings', 'degradation')
    .option('--checkpoint-every <n>', 'save after so many steps, too', wholeNumber(1, 1_000_000_000))
    .option('--resume', 'go on with what is in --out')
  addImageOptions(addRunOptions(command, Math.min(4, availableParallelism())))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  $ residual degrade\n  $ residual degrade --data cifar10 --epochs 20 --seeds 1,2 --out cifar10-depths',
    )
    .action(run)
}

async function run(options: Options): Promise<void> {
  const { depths, families, seeds, data: path, limit, out, resume, checkpointEvery, json, threads, build } = options
  const { degrade, findings, saveDegradation } = await import('@residual/lab')
  await findNetworks(options)
  const sources = path === undefined || path === 'shapes' ? {} : await openTrainingData(path, 5, options)
  const recipe = await namedRecipe(options.recipe)
  await interruptible(async signal => {
    let bar: TrainingBar | undefined
    let found: Degradation | undefined
    const events = degrade({
      ...sources,
      ...{ depths, families, seeds, recipe, changes: recipeChanges(options), limit, threads, build },
      ...{ out, resume, checkpointEvery, signal },
    })
    try {
      await namingRecipe(options.recipe, async () => {
        for await (const event of events) {
          if (event.kind === 'network') {
            found = event.degradation
            await saveDegradation(out, found)
            bar?.clear()
            if (!json) printNetwork(found.runs[found.runs.length - 1], found)
          } else if (event.event.kind === 'start') {
            bar = new TrainingBar(nameOf(event.run, seeds))
            bar.start(event.event)
          } else if (event.event.kind === 'step') {
            bar?.step(event.event)
          }
        }
      })
    } finally {
      bar?.clear()
    }
    if (signal.aborted) {
      printNote('stopped and saved; --resume goes on')
    } else if (found) {
      const report = join(out, 'report.html')
      if (json) printJson({ out, report, ...shortened(found), findings: findings(found) })
      else printFindings(findings(found), report)
    }
  })
}

const nameOf = ({ network, seed }: RunName, seeds: readonly number[]): string =>
  seeds.length > 1 ? `${network}, seed ${seed}` : network

/** Without the signals, which fill a file. */
function shortened({ runs, ...rest }: Degradation) {
  return { ...rest, runs: runs.map(({ signals: _, ...run }) => run) }
}

function printNetwork(run: DegradeRun, { runs, planned }: Degradation): void {
  const seeds = runs.map(({ seed }) => seed)
  const last = run.epochs.at(-1)
  const name = nameOf(run, seeds.some(seed => seed !== seeds[0]) ? seeds : [])
  const error = (top1: number | null | undefined) => (typeof top1 === 'number' ? percent(1 - top1) : '–')
  const numbers = run.diverged
    ? `ended early: ${run.diverged}`
    : `training error ${bold(error(last?.trainTop1))}  test error ${error(last?.testTop1)}`
  printLine(`${name.padEnd(20)}  ${numbers}  ${dim(`${runs.length} of ${planned}`)}`)
}

function printFindings(sentences: readonly string[], report: string): void {
  printLine()
  for (const sentence of sentences) printLine(`- ${sentence}`)
  printLine()
  printLine(`The curves are in ${bold(report)}`)
}
