import { count } from '../report/format.ts'
import { type Content, dataTable, figure, type Markup, markup, page, svgFile } from '../report/index.ts'
import type { Degradation, DegradeRun } from './degrade.ts'
import { type DegradationFigure, degradationFigures, residualsOf, responsesOf } from './figures.ts'
import { finalError, findings, networksOf, spreadOf } from './findings.ts'

/** The figures of a {@link Degradation} as SVG files, by name without an ending. */
export function degradationSvgs(degradation: Degradation): ReadonlyMap<string, string> {
  const all = Object.values(degradationFigures(degradation)).flat()
  return new Map(all.map(({ name, draw }) => [name, svgFile(draw(SVG_WIDTH))]))
}

const SVG_WIDTH = 720

/** A {@link Degradation} as a self-contained HTML page: findings, curves and numbers. */
export function degradationPage(degradation: Degradation): string {
  const { runs, planned } = degradation
  const { errors, gradients, responses } = degradationFigures(degradation)
  const drawn = (list: readonly DegradationFigure[]) => list.map(figure)
  return page({
    title: 'Deeper, plain and residual',
    lead: markup`${setting(degradation)}${runs.length < planned && markup` <strong>${runs.length} of ${planned} trainings are done.</strong>`}`,
    body: markup`<h2>What this run showed</h2>
<ul>${findings(degradation).map(text => markup`<li>${text}</li>\n`)}</ul>
<h2>Error</h2>
${drawn(errors)}
${finalTable(degradation)}
<h2>Gradients</h2>
<p>The gradient that the first layers learn from has to come back through all the others. Along a shortcut it comes back
unchanged.</p>
${drawn(gradients)}
<h2>Responses</h2>
<p>How much each layer changes. The deeper a residual network is, the less each of its layers has to change.</p>
${drawn(responses)}
${meansTable(degradation)}
<h2>How it was done</h2>
${recipeTable(degradation)}`,
  })
}

function setting({ data, recipe, runs }: Degradation): string {
  const seeds = new Set(runs.map(({ seed }) => seed)).size
  const steps = runs[0].epochs.at(-1)?.step ?? 0
  const zero = recipe.zeroInitResidual
    ? ' Residual blocks began as the identity, since the gammas of their last batch norms began at zero; without this, a deep network may not start to learn in a short training.'
    : ''
  return `${networksOf({ runs } as Degradation)
    .map(({ network }) => network)
    .join(
      ', ',
    )}, trained for ${count(steps)} steps of ${recipe.batch} images on ${count(data.images)} images of ${data.name}${seeds > 1 ? ` with ${seeds} seeds` : ''}, all with one recipe.${zero}`
}

function finalTable(degradation: Degradation): Markup {
  const cell = (runs: readonly DegradeRun[], of: 'train' | 'test'): string => {
    const errors = runs.map(run => finalError(run, of))
    const spread = spreadOf(errors.flatMap(error => error ?? []))
    if (!spread) return runs.some(({ diverged }) => diverged) ? 'diverged' : '–'
    const range = errors.length > 1 ? ` (${spread.low.toFixed(1)} to ${spread.high.toFixed(1)})` : ''
    return `${spread.mean.toFixed(2)}${range}`
  }
  return dataTable({
    caption: 'Errors after the last epoch, in percent',
    headings: ['network', '>parameters', '>training error', '>test error', '>training loss'],
    rows: networksOf(degradation).map(({ network, parameters, runs }) => [
      network,
      count(parameters),
      cell(runs, 'train'),
      cell(runs, 'test'),
      spreadOf(runs.flatMap(({ epochs }) => epochs.at(-1)?.trainLoss ?? []))?.mean.toFixed(3) ?? '–',
    ]),
  })
}

/** Means over layers or blocks, and over seeds. */
function meansTable(degradation: Degradation): Markup {
  const mean = (values: readonly number[]) => spreadOf(values.filter(Number.isFinite))?.mean.toFixed(2) ?? '–'
  return dataTable({
    caption:
      'Means at the end of training: the standard deviation of a layer’s response, and the size of F(x) relative to x',
    headings: ['network', '>response', '>F(x) relative to x'],
    rows: networksOf(degradation).map(({ network, runs }) => [
      network,
      mean(runs.flatMap(responsesOf)),
      mean(runs.flatMap(run => residualsOf(run, -1))),
    ]),
  })
}

function recipeTable({ data, recipe, build, runs }: Degradation): Markup {
  const { optimizer, schedule, augmentation, batch } = recipe
  const described = (value: object): Content =>
    Object.entries(value)
      .filter(([, one]) => typeof one !== 'object' && one !== undefined)
      .map(([key, one]) => (key === 'kind' ? String(one) : `${key} ${one}`))
      .join(', ') || 'none'
  return dataTable({
    caption: 'The recipe of all networks',
    headings: ['setting', 'value'],
    rows: [
      [
        'images',
        `${data.name}: ${count(data.images)} to learn, ${count(data.testImages)} to test with, ${data.classes} classes`,
      ],
      ['batch', String(batch)],
      ['optimiser', described(optimizer)],
      ['learning rate', described(schedule)],
      ['augmentation', described(augmentation)],
      ['last batch norm of residual blocks', recipe.zeroInitResidual ? 'begins at zero' : 'begins at one'],
      ['seeds', [...new Set(runs.map(({ seed }) => seed))].join(', ')],
      ['WebAssembly build', build],
    ],
  })
}
