import type { StepTime } from '@residual/core'
import type { Architecture } from '@residual/resnet'
import { command } from '../command.ts'
import { draw, drawing } from '../groups/drawing.ts'
import {
  architectureOptions,
  findArchitecture,
  openModel,
  requireModelOrArchitecture,
  sideOption,
} from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { flag, json, type Values } from '../option.ts'
import { bold, bytes, count, milliseconds, printJson, printLine, rounded, short } from '../output.ts'
import { timedModel, timeLayers } from '../timing.ts'

export default command({
  name: 'graph',
  group: 'Networks',
  summary: 'draw the layers of a network',
  options: {
    ...architectureOptions,
    output: drawing({ html: 'a page whose stages open and close', svg: 'a drawing' }),
    input: sideOption('architecture'),
    bench: flag('also run the network, and show the time of each layer'),
    ...runOptions,
    json: json(),
  },
  examples: ['graph --arch resnet50 --bench -o resnet50.html'],
  async run({ output, input: size, bench, json, ...options }) {
    requireModelOrArchitecture(options)
    const [{ graphOf, input }, { resnet }, { diagramFile, diagramOf, diagramPage }] = await Promise.all([
      import('@residual/core'),
      import('@residual/resnet'),
      import('@residual/lab'),
    ])
    const { name, arch, steps } = await described(options, bench ? { size } : undefined)
    const side = size ?? arch.inputSize
    const network = graphOf([resnet(arch, input('images', [1, side, side, 3])).logits])
    const diagram = diagramOf(network, { name, steps })
    const written = await draw(output, { html: () => diagramPage(diagram), svg: () => diagramFile(diagram) })
    const { params, macs, boxes, times, milliseconds: total } = diagram
    if (json) {
      const layers = boxes.map(({ id, name, kind, layers, output, params, macs, receptiveField }) => ({
        name,
        kind,
        operations: layers.map(({ operation }) => operation),
        output,
        params,
        macs,
        receptiveField: receptiveField === undefined || receptiveField === 'all' ? receptiveField : receptiveField.size,
        milliseconds: times.has(id) ? rounded(times.get(id)!) : undefined,
      }))
      const time = total === undefined ? undefined : rounded(total)
      return printJson({ file: output.path, arch: arch.name, params, macs, milliseconds: time, layers })
    }
    const time = total === undefined ? '' : `, ${milliseconds(total)}`
    printLine(`${bold(name)}: ${count(params)} params, ${short(macs)} MACs${time}`)
    printLine(`${output.path}, ${bytes(written)}`)
  },
})

type Options = Values<typeof architectureOptions & typeof runOptions>

interface Described {
  readonly name: string
  readonly arch: Architecture
  readonly steps?: readonly StepTime[]
}

/** The network that the options name, with times of its steps if it is to be timed. */
async function described(options: Options, bench?: { readonly size?: number }): Promise<Described> {
  const { model: source, arch: name } = options
  if (!bench && source === undefined && name !== undefined) {
    const arch = await findArchitecture(name)
    return { name: arch.name, arch }
  }
  if (!bench) {
    const { name, architecture } = await openModel(options)
    return { name, arch: architecture }
  }
  const model = await timedModel(options)
  const side = bench.size ?? model.architecture.inputSize
  const images = new Float32Array(side * side * 3).map((_, i) => Math.sin(i))
  const steps = await timeLayers(() => model.profile(images, 1))
  return { name: model.name, arch: model.architecture, steps }
}
