// Compares the speed of two checkouts of this repository: the same networks, in turn in one process, layer by layer.
//
//   git worktree add ../old COMMIT    and in both: pnpm install && pnpm build
//   node bench/compare-checkouts.mjs ../old . [--networks resnet18,resnet50,resnet20-training] [--rounds 30]
//                                             [--threads 1] [--build auto] [--limit 1.02] [--layers 20]
//
// Prints the shortest times of each layer and of a whole run, in milliseconds. Exits with 1 if a whole run of the
// second checkout takes more than `limit` times as long as a run of the first.
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    networks: { type: 'string', default: 'resnet18,resnet50,resnet20-training' },
    rounds: { type: 'string', default: '30' },
    threads: { type: 'string', default: '1' },
    build: { type: 'string', default: 'auto' },
    limit: { type: 'string' },
    layers: { type: 'string', default: '1000' },
  },
})
if (positionals.length !== 2) throw new Error('name two checkouts: node bench/compare-checkouts.mjs OLD NEW')

/** Images in a training step. */
const BATCH = 64
/** Runs before the first round, in which V8 replaces the slower code that it compiles first. */
const WARM_UP = 3
const PACKAGES = ['core', 'resnet', 'train']

/** The exports of the packages that a checkout has: in old ones, training is part of resnet. */
async function load(checkout) {
  const files = PACKAGES.map(name => resolve(checkout, 'packages', name, 'dist/index.js'))
  const built = files.filter(file => existsSync(file))
  if (built.length < 2) throw new Error(`${checkout}: its packages are not built, run pnpm build there`)
  return Object.assign({}, ...(await Promise.all(built.map(file => import(pathToFileURL(file).href)))))
}

/** Deterministic values in [-1, 1). */
function noise(count, seed) {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

const options = { threads: Number(values.threads), ...(values.build === 'auto' ? {} : { build: values.build }) }

/** A compiled network and its inputs: inference on one image, or a training step. */
async function prepare(api, name) {
  const [, arch, training] = /^(.*?)(-training)?$/.exec(name)
  const row = api.architecture(arch)
  const side = row.family === 'cifar' || /^resnet(20|32|44|56|110|1202)$/.test(arch) ? 32 : 224
  const parameters = new Map(api.initialParameters(row))
  if (!training) {
    const { logits } = api.resnet(row, api.input('image', [1, side, side, 3]))
    for (const { attributes, shape } of api.graphOf([logits]).parameters) {
      if (parameters.has(attributes.name)) continue
      const count = shape.reduce((a, b) => a * b, 1)
      parameters.set(attributes.name, new Float32Array(count).fill(attributes.name.endsWith('running_var') ? 1 : 0))
    }
    const program = await api.compile({ outputs: { logits }, parameters }, options)
    return { program, inputs: { image: noise(side * side * 3, 7) } }
  }
  const { logits, updates } = api.resnet(row, api.input('images', [BATCH, side, side, 3]), { training: true })
  const [, classes] = logits.shape
  const loss = api.crossEntropy(logits, api.input('targets', [BATCH, classes]))
  const learned = api.graphOf([loss]).parameters
  const descent = api.sgd({ momentum: 0.9, weightDecay: 1e-4 })
  const learningRate = api.input('learningRate', [])
  const step = descent({ parameters: learned, gradients: api.grad(loss, learned), learningRate })
  const program = await api.compile(
    {
      outputs: { loss },
      parameters: new Map([...parameters, ...step.state]),
      updates: new Map([...step.updates, ...updates]),
    },
    options,
  )
  const targets = new Float32Array(BATCH * classes)
  for (let i = 0; i < BATCH; i++) targets[i * classes + ((i * 7) % classes)] = 1
  // A learning rate of 0: the step does all its work and the weights stay the same.
  return { program, inputs: { images: noise(BATCH * side * side * 3, 7), targets, learningRate: Float32Array.of(0) } }
}

/** Adds a run, as a whole and layer by layer, to the earlier measurements. */
async function measure({ program, inputs, times }) {
  const start = performance.now()
  await program.run(inputs)
  times.runs.push(performance.now() - start)
  const seen = new Map()
  for (const { name, operation, kernel, shape, milliseconds } of await program.profile(inputs)) {
    const layer = `${name} ${operation} [${shape}]`
    const number = (seen.get(layer) ?? 0) + 1
    seen.set(layer, number)
    const key = number === 1 ? layer : `${layer} ${number}`
    const before = times.layers.get(key)
    times.layers.set(key, { kernel, least: Math.min(milliseconds, before?.least ?? Number.POSITIVE_INFINITY) })
  }
}

const least = list => Math.min(...list)
const sum = layers => [...layers.values()].reduce((total, layer) => total + layer.least, 0)
const shown = value => (value === undefined ? '-' : value.toFixed(3)).padStart(9)
const ratio = (before, after) =>
  (before === undefined || after === undefined ? '' : (after / before).toFixed(3)).padStart(7)

/** The layers that take longest come first. */
function print(name, [before, after]) {
  console.log(`\n${name}\n      old       new  ratio  layer (kernel)`)
  const keys = [...new Set([...before.layers.keys(), ...after.layers.keys()])]
  const longest = key => -(before.layers.get(key)?.least ?? after.layers.get(key).least)
  for (const key of keys.sort((a, b) => longest(a) - longest(b)).slice(0, Number(values.layers))) {
    const [old, now] = [before.layers.get(key), after.layers.get(key)]
    const kernel = [...new Set([old?.kernel, now?.kernel].filter(Boolean))].join(' -> ')
    console.log(`${shown(old?.least)} ${shown(now?.least)} ${ratio(old?.least, now?.least)}  ${key.trim()} (${kernel})`)
  }
  const row = (label, old, now) => console.log(`${shown(old)} ${shown(now)} ${ratio(old, now)}  ${label}`)
  row('sum of the layers', sum(before.layers), sum(after.layers))
  row('a whole run', least(before.runs), least(after.runs))
}

const apis = await Promise.all(positionals.map(load))
console.log(`old: ${positionals[0]}, new: ${positionals[1]}; least milliseconds of ${values.rounds} rounds`)
let tooSlow = false
for (const name of values.networks.split(',')) {
  const sides = []
  for (const api of apis) {
    sides.push({ ...(await prepare(api, name)), times: { runs: [], layers: new Map() } })
  }
  for (const side of sides) for (let i = 0; i < WARM_UP; i++) await side.program.run(side.inputs)
  // The order alternates: the second checkout in a round comes first in the next.
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const side of round % 2 ? [...sides].reverse() : sides) await measure(side)
  }
  const [before, after] = sides.map(side => side.times)
  print(name, [before, after])
  if (values.limit && least(after.runs) > Number(values.limit) * least(before.runs)) tooSlow = true
  const { program } = sides[0]
  console.log(
    `build ${program.build}, ${program.threads ?? options.threads} threads, Node ${process.version}, ${cpus()[0].model}`,
  )
  for (const side of sides) side.program.dispose?.()
}
process.exit(tooSlow ? 1 : 0)
