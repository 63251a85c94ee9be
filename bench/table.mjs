// Compares every network of docs/performance.md with its rivals, one process per configuration, in about 11 minutes.
// Writes results/inference.json, and the table and the chart of docs/performance.md.
//
//   pnpm build && cd bench && npm ci && node table.mjs [--only resnet18] [--seconds 8] [--draw]
//
// Nothing else should run at the same time. --draw redraws the table and the chart from the committed results; --only
// writes nothing.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drawBars } from './chart.mjs'
import { writeSection } from './document.mjs'
import { nodes } from './nodes.mjs'
import { readResults, writeResults } from './results.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '6' },
    draw: { type: 'boolean' },
  },
})

const at = path => fileURLToPath(new URL(path, import.meta.url))
const majors = Object.keys(nodes)
  .map(Number)
  .sort((a, b) => b - a)
const newest = majors[0]

/** Networks and batches; those marked `newest` take long, and run only on the newest Node. */
const networks = [
  { arch: 'resnet18', batch: 1 },
  { arch: 'resnet34', batch: 1 },
  { arch: 'resnet50', batch: 1 },
  { arch: 'resnext50_32x4d', batch: 1 },
  { arch: 'resnet20', batch: 1 },
  { arch: 'resnet20', batch: 128 },
  { arch: 'resnet18', batch: 32, newest: true },
  { arch: 'resnet50', batch: 32, newest: true },
]

function measure(arch, batch, threads, major) {
  const options = { arch, batch, threads, node: major, seconds: values.seconds }
  const load = loadavg()[0]
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const text = execFileSync(process.execPath, [at('inference.mjs'), ...args, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const result = JSON.parse(text.split('\n').findLast(line => line.startsWith('{')))
  const times = result.rivals.map(({ name, milliseconds }) => `${name} ${milliseconds.best}`).join(', ')
  console.error(`Node ${major}, ${arch}, batch ${batch}, threads ${threads}: ${times} ms`)
  return { ...result, load }
}

function measureAll() {
  const results = []
  for (const major of majors) {
    for (const { arch, batch, newest: isNewestOnly } of networks) {
      if ((isNewestOnly && major !== newest) || (values.only && values.only !== arch)) continue
      for (const threads of [1, 2]) results.push(measure(arch, batch, threads, major))
    }
  }
  return results
}

const of = ({ rivals }, name) => rivals.find(rival => rival.name === name)
const majorOf = ({ node }) => Number(node.split('.')[0])
const isSame = (a, b) => a.arch === b.arch && a.batch === b.batch && majorOf(a) === majorOf(b)

function tableOf(results, names) {
  const heading = ['network', 'batch', 'threads', 'residual', ...names.map(name => `x ${name}`), 'x own 1 thread']
  const rows = results.map(result => {
    const ours = of(result, 'residual').milliseconds.best
    const single = results.find(other => isSame(other, result) && other.threads === 1)
    const ratios = names.map(name => {
      const rival = of(result, name)
      return rival ? `${rival.ratio.toFixed(2)} (${rival.milliseconds.best} ms)` : '-'
    })
    const speedup = result.threads > 1 && single ? (of(single, 'residual').milliseconds.best / ours).toFixed(2) : ''
    return [result.arch, result.batch, result.threads, `${ours} ms`, ...ratios, speedup]
  })
  return [heading, heading.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** The tables of all Node versions, with the versions and the machine. */
function report(results) {
  const [{ cpu }] = results
  const sections = [...new Set(results.map(majorOf))].map(major => {
    const rows = results.filter(result => majorOf(result) === major)
    const names = [...new Set(rows.flatMap(({ rivals }) => rivals.map(({ name }) => name)))].filter(
      name => name !== 'residual',
    )
    const versions = names.map(name => `${name} ${rows.map(row => of(row, name)?.version).find(Boolean)}`)
    const worst = Math.max(...rows.flatMap(({ rivals }) => rivals.map(({ difference }) => difference)))
    const load = Math.max(...rows.map(row => row.load))
    const about = [
      `Node ${rows[0].node}, ${of(rows[0], 'residual').version} build, ${versions.join(', ')}; ${cpu}.`,
      `Logits differ by at most ${worst} of their root mean square. The one-minute load of the machine before each measurement was at most ${load.toFixed(1)}.`,
    ]
    return `${about.join(' ')}\n\n${tableOf(rows, names)}\n`
  })
  return sections.join('\n')
}

function plot(results) {
  const major = Math.max(...results.map(majorOf))
  const rows = results.filter(result => majorOf(result) === major && result.threads === 1)
  return drawBars({
    title: `Time of a batch, one thread, Node ${major}: shorter is faster`,
    unit: 'ms',
    groups: rows.map(({ arch, batch, rivals }) => ({
      label: arch,
      note: `batch ${batch}`,
      bars: rivals.map(({ name, milliseconds }) => ({ name, value: milliseconds.best })),
    })),
  })
}

const results = values.draw ? readResults('inference') : measureAll()
if (!values.draw && !values.only) writeResults('inference', results)
const text = report(results)
if (!values.only) {
  writeSection('table', text)
  writeFileSync(at('../docs/performance.svg'), plot(results))
}
console.log(text)
