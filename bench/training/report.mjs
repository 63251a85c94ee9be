// The section of docs/performance.md about training, from the measurements of training.mjs.
import { grouped } from './steps.mjs'

const row = cells => `| ${cells.join(' | ')} |`
const table = (heading, rows) => [row(heading), row(heading.map(() => '---')), ...rows.map(row)].join('\n')
const perSecond = (batch, milliseconds) => (1000 * batch) / milliseconds
const short = value => (value < 10 ? value.toPrecision(2) : Math.round(value).toString())
const times = ratio => (ratio < 100 ? ratio.toFixed(2) : Math.round(ratio).toString())
const megabytes = value => `${Math.round(value)} MB`

function speeds({ results }) {
  const rows = results.map(({ trainer, threads, version, batch, milliseconds, memory }) => {
    const ours = results.find(other => other.trainer === 'residual' && other.threads === threads)
    const rate = perSecond(batch, milliseconds.best)
    const single = results.find(other => other.trainer === trainer && other.threads === 1)
    const peak = memory ? `${megabytes(memory.increase)} (${megabytes(memory.peak)})` : ''
    return [
      ...[`${trainer} ${version}`, batch, threads, `${short(milliseconds.best)} ms`, short(rate)],
      trainer === 'residual' ? '' : times(perSecond(ours.batch, ours.milliseconds.best) / rate),
      threads > 1 && single ? `${(single.milliseconds.best / milliseconds.best).toFixed(2)}` : '',
      peak,
    ]
  })
  return table(
    [
      '',
      'batch',
      'threads',
      'step',
      'images/s',
      'our images/s ÷ its',
      'x own 1 thread',
      'memory of training (whole process)',
    ],
    rows,
  )
}

function kernelTable(kernels, heading, keyOf, most) {
  const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const rows = grouped(kernels, keyOf).map(({ steps, milliseconds, macs, bytes, ...key }) => [
    ...[...Object.values(key), steps, milliseconds.toFixed(2), `${((100 * milliseconds) / total).toFixed(1)} %`],
    macs > 0 ? ((2 * macs) / milliseconds / 1e6).toFixed(1) : '',
    ...[(bytes / 1e6).toFixed(1), (bytes / milliseconds / 1e6).toFixed(1)],
  ])
  return table([...heading, 'steps', 'ms', 'share', 'GFLOP/s', 'MB', 'GB/s'], rows.slice(0, most))
}

export function report({ node, cpu, networks }) {
  return networks
    .map(network => {
      const { name, batch, side, rounds, load, results, kernels } = network
      const worst = Math.max(...results.map(({ difference }) => difference))
      const program = results[0].memory?.program
      const parts = program && Object.entries(program).map(([part, bytes]) => `${part} ${(bytes / 1e6).toFixed(1)} MB`)
      return [
        `### ${name}, ${side}x${side}, batch ${batch}`,
        `Node ${node}, ${cpu}; ${rounds} rounds in turn, load of the machine before the measurement ${load.toFixed(1)}. First losses differ by at most ${worst}.`,
        speeds(network),
        parts ? `Our program's own memory: ${parts.join(', ')}.` : '',
        'Our step on one thread, by operation:',
        kernelTable(kernels, ['operation'], ({ operation }) => ({ operation })),
        'The same by operation and output shape, the longest rows:',
        kernelTable(
          kernels,
          ['operation', 'output'],
          ({ operation, shape }) => ({ operation, output: shape.join(' x ') || 'scalar' }),
          15,
        ),
      ].join('\n\n')
    })
    .join('\n\n')
}
