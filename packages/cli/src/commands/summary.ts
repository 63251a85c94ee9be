import type { Architecture } from '@residual/resnet'
import { command } from '../command.ts'
import {
  architectureOptions,
  findArchitecture,
  openModel,
  requireModelOrArchitecture,
  sideOption,
} from '../groups/model.ts'
import { json, type Values } from '../option.ts'
import { bold, bytes, count, printJson, printLine, short, table } from '../output.ts'

export default command({
  name: 'summary',
  group: 'Networks',
  summary: 'list the layers of a network',
  options: { ...architectureOptions, input: sideOption('architecture'), json: json() },
  examples: ['summary --arch resnet50 --input 224'],
  async run({ input, json, ...options }) {
    requireModelOrArchitecture(options)
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
      // The size for one image.
      layer.output.slice(1).join(' x '),
      layer.params === 0 ? '' : count(layer.params),
      layer.macs === 0 ? '' : short(layer.macs),
      bytes(layer.activationBytes),
    ])
    const headings = ['layer', 'operation', 'output', '>params', '>MACs', '>activation']
    table(headings, rows).forEach(printLine)
    printLine()
    printLine(`${bold(count(params))} params, ${bold(short(macs))} MACs`)
  },
})

async function describedArchitecture({ model, arch }: Values<typeof architectureOptions>): Promise<Architecture> {
  if (model === undefined && arch !== undefined) return findArchitecture(arch)
  return (await openModel({ model, arch })).architecture
}
