// Compares training with rivals: the same network, weights and batch, first losses compared, steps in turn. Writes
// results/training.json and the section of docs/performance.md. It takes about 10 minutes, in which nothing else should
// run.
//
//   pnpm build && cd bench && npm ci
//   python3 -m venv pytorch/.venv && pytorch/.venv/bin/pip install -r pytorch/requirements.txt
//   node training.mjs [--python pytorch/.venv/bin/python] [--only resnet20] [--threads 1,2] [--trainers pytorch]
//                     [--rounds 10] [--slow-batch 4] [--node 24] [--draw]
//
// --only and --trainers measure only a part and write nothing; --draw redraws the section from the committed results. A
// PyTorch process waits while it is not its turn. Memory is read from /proc, so this needs Linux.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeSection } from './document.mjs'
import { nodeOf, nodes } from './nodes.mjs'
import { readResults, writeResults } from './results.mjs'
import { median, three } from './statistics.mjs'
import { trainers } from './training/index.mjs'
import { problem } from './training/problem.mjs'
import { report } from './training/report.mjs'
import { grouped } from './training/steps.mjs'

const at = path => fileURLToPath(new URL(path, import.meta.url))
const newest = Math.max(...Object.keys(nodes).map(Number))

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: at('pytorch/.venv/bin/python') },
    only: { type: 'string' },
    threads: { type: 'string', default: '1,2' },
    trainers: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    'slow-batch': { type: 'string', default: '4' },
    node: { type: 'string', default: String(newest) },
    draw: { type: 'boolean' },
  },
})

if (nodeOf(values.node) !== process.execPath) {
  const { status } = spawnSync(nodeOf(values.node), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

const networks = [
  { name: 'resnet20', batch: 128, side: 32 },
  { name: 'resnet18', batch: 32, side: 64 },
]
/** Trainers that take minutes for a step: they do one step, with a batch of `--slow-batch`. */
const slow = new Set(['tfjs-cpu', 'jax-js'])
/** The largest difference between first losses. */
const TOLERANCE = 1e-3
/** Milliseconds of pause before a turn, in which the threads of the previous trainer stop waiting for work. */
const PAUSE = 50
/** Timed steps in a turn, after one that warms the caches. */
const STEPS = 2
/** The number of profiles; the median of each program step counts. */
const PROFILES = 5

const threadCounts = values.threads.split(',').map(Number)
const chosen = ['residual', ...(values.trainers?.split(',') ?? Object.keys(trainers).slice(1))]
for (const name of chosen) if (!trainers[name]) throw new Error(`--trainers: there is no ${name}`)

async function prepare(name, task, threads) {
  const { excuse, prepare } = await trainers[name]()
  const reason = excuse?.(task, { threads })
  if (reason) throw new Error(`${name} ${reason}`)
  return prepare(task, { threads, python: values.python })
}

function checkLoss(name, loss, ours) {
  const difference = Math.abs(loss / ours - 1)
  if (!(difference < TOLERANCE)) throw new Error(`${name}: the first loss is ${loss}, ours ${ours}`)
  return difference
}

/** This library and PyTorch on each number of threads, their steps in turn. */
async function measure({ name, batch, side }) {
  const task = problem(name, { batch, side })
  const entrants = []
  for (const threads of threadCounts) {
    for (const trainer of chosen.filter(name => !slow.has(name))) {
      const prepared = await prepare(trainer, task, threads)
      const { loss } = await prepared.step()
      entrants.push({ trainer, threads, ...prepared, loss, times: [], turns: [] })
    }
  }
  const [ours] = entrants
  for (const entrant of entrants) entrant.difference = checkLoss(entrant.trainer, entrant.loss, ours.loss)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const entrant of entrants) {
      await pause(PAUSE)
      await entrant.step()
      const times = []
      for (let i = 0; i < STEPS; i++) times.push((await entrant.step()).milliseconds)
      entrant.times.push(...times)
      entrant.turns.push(Math.min(...times))
    }
  }
  const kernels = await profile(ours)
  const results = []
  for (const { trainer, threads, version, times, turns, difference, peak, close } of entrants) {
    const memory = inMegabytes(peak ? await peak() : memoryOf(name, batch, side, threads))
    close?.()
    const rival = entrants.find(other => other.trainer === 'residual' && other.threads === threads)
    results.push({
      ...{ trainer, threads, version, batch, memory, difference: Number(difference.toPrecision(2)) },
      milliseconds: { median: three(median(times)), best: three(Math.min(...times)) },
      /** Its time divided by ours, for the fastest steps; above 1, ours are faster. */
      ratio: three(Math.min(...times) / Math.min(...rival.times)),
      medianRatio: three(median(turns.map((time, i) => time / rival.turns[i]))),
    })
  }
  return { name, batch, side, rounds: Number(values.rounds), results, kernels }
}

/** The shorter of two steps of the trainers that take minutes: the first one may include compiling. */
async function measureSlow({ name, side }) {
  const task = problem(name, { batch: Number(values['slow-batch']), side })
  const names = chosen.filter(name => slow.has(name))
  if (names.length === 0) return []
  const { loss: ours } = await (await prepare('residual', task, 1)).step()
  const results = []
  for (const trainer of names) {
    const { version, step } = await prepare(trainer, task, 1)
    const first = await step()
    const difference = Number(checkLoss(trainer, first.loss, ours).toPrecision(2))
    const milliseconds = three(Math.min(first.milliseconds, (await step()).milliseconds))
    results.push({ trainer, threads: 1, version, batch: task.batch, difference, milliseconds: { best: milliseconds } })
    console.error(`${name}, batch ${task.batch}: ${trainer} ${milliseconds} ms`)
  }
  return results
}

/** The steps of a program by operation and shape, with the medians of their times. */
async function profile({ profile }) {
  const runs = []
  for (let i = 0; i < PROFILES; i++) runs.push(await profile())
  const steps = runs[0].map((step, i) => ({ ...step, milliseconds: median(runs.map(run => run[i].milliseconds)) }))
  return grouped(steps, ({ operation, shape }) => ({ operation, shape })).map(group => ({
    ...group,
    milliseconds: Number(group.milliseconds.toFixed(6)),
  }))
}

const inMegabytes = ({ peak, increase, ...rest }) => ({
  peak: Math.round(peak),
  increase: Math.round(increase),
  ...rest,
})

function memoryOf(...args) {
  const text = execFileSync(process.execPath, [at('training/memory.mjs'), ...args.map(String)], { encoding: 'utf8' })
  return JSON.parse(text)
}

async function measureAll() {
  const measured = []
  for (const network of networks.filter(({ name }) => !values.only || values.only === name)) {
    const load = loadavg()[0]
    const result = await measure(network)
    for (const { trainer, threads, milliseconds } of result.results) {
      console.error(`${network.name}, threads ${threads}: ${trainer} ${milliseconds.best} ms`)
    }
    result.results.push(...(await measureSlow(network)))
    measured.push({ ...result, load })
  }
  return { node: process.versions.node, cpu: cpus()[0].model.trim(), networks: measured }
}

const isWhole = !values.only && !values.trainers
const measured = values.draw ? readResults('training') : await measureAll()
if (!values.draw && isWhole) writeResults('training', measured)
const text = report(measured)
if (isWhole) writeSection('training', text)
console.log(text)
process.exit()
