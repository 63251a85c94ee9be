import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { list, text, whole } from '@residual/core/schema'
import type { Degradation, DegradeRun, RunName } from '@residual/lab'
import { command } from '../command.ts'
import { DATA, limitOption, openTrainingData } from '../groups/data.ts'
import { imageOptions } from '../groups/images.ts'
import { findNetworks, networksOptions } from '../groups/networks.ts'
import {
  checkpointEveryOption,
  namedRecipe,
  namingRecipe,
  recipeChanges,
  recipeOption,
  recipeOptions,
  resumeOption,
} from '../groups/recipe.ts'
import { runOptions } from '../groups/run.ts'
import { TrainingBar } from '../groups/training.ts'
import { interruptible } from '../interrupt.ts'
import { json, option } from '../option.ts'
import { bold, dim, percent, printJson, printLine, printNote } from '../output.ts'

export default command({
  name: 'degrade',
  group: 'Experiments',
  summary: 'train plain and residual networks of several depths, and show what depth does to their error',
  options: {
    ...networksOptions,
    seeds: option(
      'list',
      list(whole(0, Number.MAX_SAFE_INTEGER))
        .default([0])
        .help('train every network once with each seed; two or more add bands to the figures'),
    ),
    data: option('path', text.optional().help(`${DATA} (default: a few drawn shapes, which take minutes)`)),
    recipe: recipeOption('fast, paper', 'one of its own'),
    ...recipeOptions,
    limit: limitOption('train on only n of the images, evenly spread'),
    out: option('dir', text.default('degradation').help('directory for the report, its figures and the trainings')),
    checkpointEvery: checkpointEveryOption,
    resume: resumeOption('the trainings'),
    ...runOptions,
    threads: option('n', whole(1, 64).default(Math.min(4, availableParallelism())).help('threads to run on')),
    ...imageOptions,
    json: json(),
  },
  examples: ['degrade', 'degrade --data cifar10 --epochs 20 --seeds 1,2 --out cifar10-depths'],
  async run(options) {
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
            } else {
              if (event.event.kind === 'start') bar = new TrainingBar(nameOf(event.run, seeds))
              bar?.show(event.event)
            }
          }
        })
      } finally {
        bar?.clear()
      }
      if (signal.aborted) {
        printNote('stopped and saved; continue with --resume')
      } else if (found) {
        const report = join(out, 'report.html')
        if (json) printJson({ out, report, ...shortened(found), findings: findings(found) })
        else printFindings(findings(found), report)
      }
    })
  },
})

const nameOf = ({ network, seed }: RunName, seeds: readonly number[]): string =>
  seeds.length > 1 ? `${network}, seed ${seed}` : network

/** Leaves out the signals, which would fill pages. */
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
