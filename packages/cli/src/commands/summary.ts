import type { Architecture } from '@residual/resnet'
import type { Command } from 'commander'
import {
  addArchitectureOptions,
  findArchitecture,
  type ModelOptions,
  openModel,
  requireModelOrArchitecture,
  wholeNumber,
} from '../groups/model.ts'
import { bold, bytes, count, printJson, printLine, short, table } from '../output.ts'

interface Options extends ModelOptions {
  readonly input?: number
  readonly json?: true
}

export function addSummary(program: Command): void {
  addArchitectureOptions(program.command('summary').description('list the layers of a network'))
    .option('--input <side>', "height and width of the image (default: the architecture's)", wholeNumber(1, 16_384))
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ residual summary --arch resnet50 --input 224')
    .action(summary)
}

async function summary({ input, json, ...options }: Options, command: Command): Promise<void> {
  requireModelOrArchitecture(command, options)
  const { summarize } = await import('@residual/resnet')
  const arch = await describedArchitecture(options)
  const side = input ?? arch.inputSize
  const { params, macs, layers } = summarize(arch, { input: side })
  if (json) return printJson({ params, macs, layers })
  printLine(`${bold(arch.name)}, ${arch.classes} classes, input ${side} x ${side}`)
  printLine()
  const rows = layers.map(layer => [
    layer.name,
    layer.operation,
    // Of one image.
    layer.output.slice(1).join(' x '),
    layer.params === 0 ? '' : count(layer.params),
    layer.macs === 0 ? '' : short(layer.macs),
    bytes(layer.activationBytes),
  ])
  const headings = ['layer', 'operation', 'output', '>params', '>MACs', '>activation']
  table(headings, rows).forEach(printLine)
  printLine()
  printLine(`${bold(count(params))} params, ${bold(short(macs))} MACs`)
}

async function describedArchitecture({ model, arch }: ModelOptions): Promise<Architecture> {
  if (model === undefined && arch !== undefined) return findArchitecture(arch)
  return (await openModel({ model, arch })).architecture
}
