// Measures the time from the start of a process to the first prediction of resnet18, and the memory at that point, with
// processes in turn that read the same weights, each in its own file format.
//
//   pnpm build && cd bench && npm ci && node startup.mjs [--arch resnet18] [--rounds 7] [--node 24]
//
// Writes results/startup.json, and the section of docs/performance.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fromFloat32, writeSafetensors } from '../packages/core/dist/index.js'
import { toOnnx } from '../packages/onnx/dist/index.js'
import { writeSection } from './document.mjs'
import { network } from './networks.mjs'
import { nodeOf, nodes } from './nodes.mjs'
import { writeResults } from './results.mjs'
import { median, three } from './statistics.mjs'

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'resnet18' },
    rounds: { type: 'string', default: '7' },
    node: { type: 'string', default: Object.keys(nodes).at(-1) },
  },
})

const at = path => fileURLToPath(new URL(path, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'startup-'))
const net = network(values.arch)
const shapes = new Map(net.graph.parameters.map(({ attributes, shape }) => [attributes.name, shape]))
const tensors = new Map([...net.parameters].map(([name, data]) => [name, fromFloat32(data, shapes.get(name), 'F32')]))
const files = { residual: join(folder, 'model.safetensors'), onnx: join(folder, 'model.onnx') }
writeFileSync(files.residual, writeSafetensors(tensors))
writeFileSync(files.onnx, toOnnx(net.graph, net.parameters))

const entrants = { residual: files.residual, 'onnxruntime-web': files.onnx, 'onnxruntime-node': files.onnx }

/** Runs a process once: its own report, and the time since before its start. */
function once(name) {
  const start = performance.timeOrigin + performance.now()
  const { stdout, status } = spawnSync(
    nodeOf(values.node),
    [at(`startup/${name}.mjs`), entrants[name], values.arch, String(net.size)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (status !== 0) throw new Error(`${name} ended with status ${status}`)
  const { predicted, ...rest } = JSON.parse(stdout)
  return { milliseconds: predicted - start, ...rest }
}

const names = Object.keys(entrants)
const runs = Object.fromEntries(names.map(name => [name, []]))
for (const name of names) once(name)
for (let round = 0; round < Number(values.rounds); round++) for (const name of names) runs[name].push(once(name))
rmSync(folder, { recursive: true })

/** All must compute the same logits. */
for (const name of names) {
  const difference = Math.abs(runs[name][0].logit - runs.residual[0].logit)
  if (!(difference < 1e-4)) throw new Error(`${name}: the first logit differs from ours by ${difference}`)
}

const summary = names.map(name => {
  const middle = key => three(median(runs[name].map(run => run[key])))
  return { name, milliseconds: middle('milliseconds'), resident: middle('resident'), peak: middle('peak') }
})
const [ours] = summary
const result = { arch: values.arch, node: runs.residual[0].node, cpu: cpus()[0].model.trim(), rivals: summary }
writeResults('startup', result)

const by = (value, own, name) => (name === ours.name ? '' : ` (${(value / own).toFixed(2)} x)`)
const lines = summary.map(({ name, milliseconds, resident, peak }) => {
  const cells = [
    `${milliseconds} ms${by(milliseconds, ours.milliseconds, name)}`,
    `${resident} MB${by(resident, ours.resident, name)}`,
    `${peak} MB${by(peak, ours.peak, name)}`,
  ]
  return `| ${name} | ${cells.join(' | ')} |`
})
const text = [
  `${values.arch}, one thread, Node ${result.node}, ${result.cpu}; medians of ${values.rounds} processes in turn.`,
  '',
  '| | start to first prediction | resident memory | at its peak |',
  '| --- | --- | --- | --- |',
  ...lines,
].join('\n')
writeSection('startup', text)
console.log(text)
