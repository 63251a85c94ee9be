import { ArchitectureError } from '@residual/core'
import { type Architecture, architecture, architectureNames } from './architectures.ts'

/**
 * The architecture that parameters of these names and shapes belong to, with their number of classes.
 *
 * Some networks have the same parameters. Weights that fit a plain network or shortcut A are taken for the residual
 * one, bottlenecks for those that stride in the 3x3 convolution (v1.5), and those without batch norms for ones that are
 * not pre-activated: state `plain20`, `resnet50_v1` or `resnet20_v2_nobn` otherwise.
 *
 * @param shapes torchvision's names with PyTorch's shapes.
 * @throws ArchitectureError that says what does not fit any architecture here.
 */
export function inferArchitecture(shapes: ReadonlyMap<string, readonly number[]>): Architecture {
  const stem = shapes.get('conv1.weight')
  const classifier = shapes.get('fc.weight')
  if (stem?.length !== 4) throw unrecognised('there is no conv1.weight of four axes')
  if (classifier?.length !== 2) throw unrecognised('there is no fc.weight of two axes')

  const layers = blocksPerStage(shapes)
  const block = shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic'
  const [width, perGroup] = shapes.get('layer1.0.conv2.weight') ?? [0, 0]
  const groups = width / perGroup
  const base = stem[2] === 7 ? imagenetName(block, layers, groups, width / groups) : cifarName(block, layers, stem[0])
  if (!base) {
    throw unrecognised(`${block} blocks in stages of [${layers.join(', ')}] are those of no architecture here`)
  }
  const isPreActivation = shapes.has('bn.weight') && !shapes.has('bn1.weight')
  const hasNorms = isPreActivation || shapes.has('bn1.weight') || !shapes.has('conv1.bias')
  const linear = [...shapes.keys()].filter(key => /^layer[1-9]\.linear\.\d+\.weight$/.test(key)).length
  const suffixes = [
    shortcutOf(shapes, block),
    ...(isPreActivation ? ['v2'] : []),
    ...(hasNorms ? [] : ['nobn']),
    ...(linear > 0 ? [`linear${linear}`] : []),
  ]
  const arch = architecture([base, ...suffixes].join('_'))
  return { ...arch, classes: classifier[0] }
}

/** Counts what is there: gaps in the numbering show up as missing parameters when they are assigned. */
function blocksPerStage(shapes: ReadonlyMap<string, readonly number[]>): number[] {
  const counts: number[] = []
  for (const key of shapes.keys()) {
    const stage = /^layer([1-9])\.\d+\.conv1\.weight$/.exec(key)?.[1]
    if (stage) counts[Number(stage) - 1] = (counts[Number(stage) - 1] ?? 0) + 1
  }
  return Array.from(counts, count => count ?? 0)
}

function imagenetName(block: string, layers: readonly number[], groups: number, widthPerGroup: number) {
  return architectureNames().find(name => {
    const row = architecture(name)
    const isSame = row.family === 'imagenet' && row.block === block && `${row.layers}` === `${layers}`
    const isAsWide = block === 'basic' || (row.groups === groups && row.widthPerGroup === widthPerGroup)
    return isSame && isAsWide && row.shortcut !== 'none'
  })
}

function cifarName(block: string, layers: readonly number[], width: number): string | undefined {
  const [n] = layers
  const fits = block === 'basic' && width === 16 && n > 0 && `${layers}` === `${[n, n, n]}`
  return fits ? `cifar_resnet${6 * n + 2}` : undefined
}

function shortcutOf(shapes: ReadonlyMap<string, readonly number[]>, block: 'basic' | 'bottleneck'): 'a' | 'b' | 'c' {
  // The first block that keeps the shape of its input: only C projects there.
  const unchanged = block === 'basic' ? 'layer1.0' : 'layer1.1'
  if (shapes.has(`${unchanged}.downsample.0.weight`)) return 'c'
  return shapes.has('layer2.0.downsample.0.weight') ? 'b' : 'a'
}

const unrecognised = (reason: string) =>
  new ArchitectureError(`cannot tell the architecture from the weights: ${reason}; state it with --arch`)
