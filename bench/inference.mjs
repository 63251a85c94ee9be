// Compares inference with rivals: the same network, weights and image, outputs compared, runs in turn in one process.
//
//   pnpm build && cd bench && npm ci
//   node inference.mjs [--arch resnet18] [--batch 1] [--threads 1] [--rivals onnxruntime-web,tfjs-wasm]
//                      [--seconds 10 | --rounds 10] [--node 24] [--json]
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { network } from './networks.mjs'
import { nodeOf } from './nodes.mjs'
import { rivals } from './rivals/index.mjs'
import { median, three } from './statistics.mjs'

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'resnet18' },
    batch: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    rivals: { type: 'string', default: Object.keys(rivals).slice(1).join() },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    node: { type: 'string' },
    json: { type: 'boolean' },
  },
})

if (values.node && nodeOf(values.node) !== process.execPath) {
  const { status } = spawnSync(nodeOf(values.node), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

/** The largest difference between two outputs, relative to their root mean square, that counts as rounding. */
const TOLERANCE = 1e-4
/** A turn lasts this many milliseconds, and has at least one run. */
const TURN = 200
/** Milliseconds of pause before a turn, in which the threads of the previous rival stop waiting for work. */
const PAUSE = 20
/** Runs that take more milliseconds than this need no warm-up run in each turn. */
const LONG = 1000
/** The fewest rounds, however long they take. */
const LEAST_ROUNDS = 3

const [batch, threads] = [Number(values.batch), Number(values.threads)]
const net = network(values.arch, { batch })
const names = ['residual', ...values.rivals.split(',').filter(name => name !== '')]
const excuses = {}
const entrants = []
for (const name of names) {
  if (!rivals[name]) throw new Error(`--rivals: there is no ${name}, only ${Object.keys(rivals).slice(1).join(', ')}`)
  const { prepare, excuse } = await rivals[name]()
  excuses[name] = excuse?.(net, { threads })
  if (excuses[name] === undefined) entrants.push({ name, ...(await prepare(net, { threads })), turns: [] })
}

const [ours] = entrants
const logits = Float32Array.from(await ours.run())
const size = Math.sqrt(logits.reduce((sum, value) => sum + value * value, 0) / logits.length)
for (const entrant of entrants) {
  const theirs = await entrant.run()
  entrant.difference = logits.reduce((worst, v, i) => Math.max(worst, Math.abs(v - theirs[i])), 0) / size
  if (theirs.length !== logits.length || !(entrant.difference < TOLERANCE)) {
    throw new Error(`${entrant.name}: the logits differ from ours by ${entrant.difference} of their size`)
  }
}

async function timed(run) {
  const start = performance.now()
  await run()
  return performance.now() - start
}

/** Milliseconds per run, the median of a turn. */
async function turn(run, isLong) {
  await pause(PAUSE)
  if (!isLong) await run()
  const times = []
  const start = performance.now()
  while (times.length === 0 || performance.now() - start < TURN) times.push(await timed(run))
  return median(times)
}

// V8 replaces the slower code that it compiles first during these runs.
for (const entrant of entrants) {
  const first = await timed(entrant.run)
  entrant.isLong = first > LONG
  for (let time = first; time < TURN * 2; time += await timed(entrant.run));
}
const wanted = values.rounds ? Number(values.rounds) : undefined
const start = performance.now()
const isEnough = round => {
  return wanted ? round >= wanted : round >= LEAST_ROUNDS && performance.now() - start > 1000 * Number(values.seconds)
}
for (let round = 0; !isEnough(round); round++) {
  for (const entrant of entrants) entrant.turns.push(await turn(entrant.run, entrant.isLong))
}

const result = {
  arch: values.arch,
  batch,
  threads,
  node: process.versions.node,
  cpu: cpus()[0].model.trim(),
  rounds: ours.turns.length,
  rivals: entrants.map(({ name, version, turns, difference }) => ({
    name,
    version,
    milliseconds: { median: three(median(turns)), best: three(Math.min(...turns)) },
    /** Its time divided by ours, for the best turns, which other processes disturb least. */
    ratio: three(Math.min(...turns) / Math.min(...ours.turns)),
    medianRatio: three(median(turns.map((time, i) => time / ours.turns[i]))),
    difference: Number(difference.toPrecision(2)),
  })),
  excuses,
}

if (values.json) {
  console.log(JSON.stringify(result))
} else {
  console.log(
    `${result.arch}, batch ${batch}, ${threads} thread${threads > 1 ? 's' : ''}, ${result.rounds} rounds in turn`,
  )
  console.log(`Node ${result.node}, ${result.cpu}`)
  for (const { name, version, milliseconds, ratio, medianRatio, difference } of result.rivals) {
    const times = `best ${milliseconds.best} ms, median ${milliseconds.median} ms`
    const compared =
      name === 'residual' ? '' : `${ratio} (${medianRatio}) x residual, logits differ by ${difference} of their size`
    console.log(`${`${name} ${version}`.padEnd(24)} ${times.padEnd(34)} ${compared}`)
  }
  for (const [name, excuse] of Object.entries(excuses)) if (excuse) console.log(`${name.padEnd(24)} ${excuse}`)
}
process.exit()
