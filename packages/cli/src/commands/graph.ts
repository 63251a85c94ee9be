import type { StepTime } from '@residual/core'
import type { Architecture } from '@residual/resnet'
import { type Command, InvalidArgumentError } from 'commander'
import {
  addArchitectureOptions,
  addRunOptions,
  findArchitecture,
  type ModelOptions,
  openModel,
  type RunOptions,
  requireModelOrArchitecture,
  wholeNumber,
} from '../options.ts'
import { bold, bytes, count, milliseconds, printJson, printLine, rounded, short } from '../output.ts'
import { benchedModel, timeLayers } from './bench.ts'

interface Options extends ModelOptions, RunOptions {
  readonly output: string
  readonly input?: number
  readonly bench?: true
  readonly json?: true
}

export function addGraph(program: Command): void {
  const command = program.command('graph').description('draw the layers of a network, as a page or an image')
  addArchitectureOptions(command)
    .requiredOption('-o, --output <file>', 'what to write: .html, whose stages open and close, or .svg', drawing)
    .option('--input <side>', "height and width of the image (default: the architecture's)", wholeNumber(1, 16_384))
    .option('--bench', 'also run the network, and show the time of each layer')
  addRunOptions(command)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ residual graph --arch resnet50 --bench -o resnet50.html')
    .action(graph)
}

function drawing(path: string): string {
  if (/\.(svg|html)$/i.test(path)) return path
  throw new InvalidArgumentError('Wanted a name that ends in .svg or .html.')
}

async function graph({ output, input: size, bench, json, ...options }: Options, command: Command): Promise<void> {
  requireModelOrArchitecture(command, options)
  const [{ graphOf, input }, { resnet }, { diagramFile, diagramOf, diagramPage, saveReport }] = await Promise.all([
    import('@residual/core'),
    import('@residual/resnet'),
    import('@residual/lab'),
  ])
  const { name, arch, steps } = await described(options, bench ? { size } : undefined)
  const side = size ?? arch.inputSize
  const network = graphOf([resnet(arch, input('images', [1, side, side, 3])).logits])
  const diagram = diagramOf(network, { name, steps })
  const text = /\.svg$/i.test(output) ? diagramFile(diagram) : diagramPage(diagram)
  await saveReport(output, text)
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
    return printJson({ file: output, arch: arch.name, params, macs, milliseconds: time, layers })
  }
  const time = total === undefined ? '' : `, ${milliseconds(total)}`
  printLine(`${bold(name)}: ${count(params)} params, ${short(macs)} MACs${time}`)
  printLine(`${output}, ${bytes(Buffer.byteLength(text))}`)
}

interface Described {
  readonly name: string
  readonly arch: Architecture
  readonly steps?: readonly StepTime[]
}

/** The network that the options name, run where it is to be timed. */
async function described(options: ModelOptions & RunOptions, bench?: { readonly size?: number }): Promise<Described> {
  const { model: source, arch: name } = options
  if (!bench && source === undefined && name !== undefined) {
    const arch = await findArchitecture(name)
    return { name: arch.name, arch }
  }
  if (!bench) {
    const { name, architecture } = await openModel(options)
    return { name, arch: architecture }
  }
  const model = await benchedModel(options)
  const side = bench.size ?? model.architecture.inputSize
  const images = new Float32Array(side * side * 3).map((_, i) => Math.sin(i))
  const steps = await timeLayers(() => model.profile(images, 1))
  return { name: model.name, arch: model.architecture, steps }
}
