// Keeps the results of `residual degrade` in docs/runs: the numbers in degradation.json that the page
// docs/deep-residual-learning.md uses, and the figures that it links to, drawn from these numbers alone.
//
//   pnpm build
//   node scripts/keep-degradation.mjs docs/runs/cifar10-depths/degradation.json [cifar10-depths/degradation.json]
//
// With one argument it only redraws the figures.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { degradationSvgs } from '../packages/lab/dist/index.js'
import { inRows } from './rows.mjs'

const [kept, source] = process.argv.slice(2)
if (!kept) throw new Error('name the file to keep the numbers in')
const folder = dirname(kept)
const page = readFileSync(new URL('../docs/deep-residual-learning.md', import.meta.url), 'utf8')
const figures = [...page.matchAll(/\]\(runs\/([\w-]+)\/([\w-]+)\.svg\)/g)]
  .filter(([, run]) => run === basename(folder))
  .map(([, , name]) => name)

/** Turns a list of objects with the same fields into an object of lists. */
const columns = (rows, fields) =>
  Object.fromEntries(fields.filter(field => field in rows[0]).map(field => [field, rows.map(row => row[field])]))
const rows = columns => {
  const fields = Object.keys(columns)
  return columns[fields[0]].map((_, i) => Object.fromEntries(fields.map(field => [field, columns[field][i]])))
}

/**
 * Keeps the data of the figures: names, which do not change, from the first measurement, and responses from the last.
 */
const keepSignals = ({ epoch, layers, blocks }, i, { length }) => {
  const names = i === 0 ? ['name'] : []
  const responses = i === length - 1 ? ['response'] : []
  return {
    epoch,
    layers: columns(layers, [...names, ...responses, 'gradient']),
    blocks: columns(blocks, [...names, 'branch', 'shortcut', 'gradient']),
  }
}
const openSignals = ({ epoch, layers, blocks }, _, [first]) => ({
  epoch,
  layers: rows({ name: first.layers.name, ...layers }),
  blocks: rows({ name: first.blocks.name, ...blocks }),
})

/** Rounds to six digits, as in the signals. */
const rounded = (_, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)

if (source) {
  const { runs, ...about } = JSON.parse(readFileSync(source, 'utf8'), rounded)
  const keptRuns = runs.map(({ epochs, signals, ...run }) => ({
    ...run,
    epochs: epochs.map(({ imagesPerSecond, ...epoch }) => epoch),
    ...(figures.length > 0 && { signals: signals.map(keepSignals) }),
  }))
  writeFileSync(kept, `${inRows({ ...about, runs: keptRuns })}\n`)
}
if (figures.length > 0) {
  const degradation = JSON.parse(readFileSync(kept, 'utf8'))
  const runs = degradation.runs.map(run => ({ ...run, signals: run.signals.map(openSignals) }))
  const svgs = degradationSvgs({ ...degradation, runs })
  for (const name of figures) writeFileSync(join(folder, `${name}.svg`), svgs.get(name))
}
