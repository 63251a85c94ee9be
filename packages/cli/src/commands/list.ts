import { command } from '../command.ts'
import { json } from '../option.ts'
import { bold, count, printJson, printLine, short, table } from '../output.ts'

export default command({
  name: 'list',
  group: 'Networks',
  summary: 'list the embedded models and the architectures',
  options: { json: json() },
  examples: ['list'],
  async run({ json }) {
    const { architecture, architectureNames, embeddedModels, loadModel, summarize } = await import('@residual/resnet')
    const models = await Promise.all(
      embeddedModels().map(async name => {
        const { architecture: arch } = await loadModel(name)
        return { name, arch: arch.name, classes: arch.classes, params: summarize(arch).params }
      }),
    )
    const architectures = architectureNames().map(name => {
      const arch = architecture(name)
      const { params, macs } = summarize(arch)
      return { name, params, macs, input: arch.inputSize, classes: arch.classes }
    })
    if (json) return printJson({ models, architectures })
    printLine(bold('Models in this package (--model)'))
    const rows = models.map(({ name, arch, classes, params }) => [name, arch, count(params), String(classes)])
    table(['name', 'architecture', '>params', '>classes'], rows).forEach(printLine)
    printLine()
    printLine(bold('Architectures (--arch)'))
    table(
      ['name', '>params', '>MACs', '>input', '>classes'],
      architectures.map(({ name, params, macs, input, classes }) => [
        name,
        count(params),
        short(macs),
        String(input),
        String(classes),
      ]),
    ).forEach(printLine)
    printLine()
    printLine('Any cifar_resnet{6n+2}, cifar_plain{6n+2} and cifar_seresnet{6n+2} works too. Append _a, _b or _c for')
    printLine(
      'another shortcut, _v1 for stride in the first 1x1 of a bottleneck or _v2 for pre-activation, _nobn for no',
    )
    printLine(
      'batch norms, _silu for SiLU instead of ReLU, _maxpool for max pooling before the classifier, and _linear36',
    )
    printLine('for 36 linear layers after the blocks: resnet50_v1, resnet110_b_v2, plain56_nobn, seresnet50_silu.')
  },
})
