import { ArchitectureError } from '@residual/core'
import { named, presets } from './architectures.ts'
import { parametersOf } from './network.ts'
import type { Architecture, Shortcut } from './row.ts'
import { mismatchOf } from './weights/index.ts'

type Shapes = ReadonlyMap<string, readonly number[]>

/**
 * Infers the architecture from the names and shapes of its parameters. It is the row of a name, with the number of
 * classes of the parameters, and its network has exactly these parameters.
 *
 * Some networks have the same parameters. Weights that fit both a plain network and one with shortcut A are taken as
 * residual, bottlenecks are assumed to stride in the 3x3 convolution (v1.5), and networks without batch norms are
 * assumed not to be pre-activated. The activation is assumed to be ReLU, and the pooling to be the average. If that is
 * wrong, state the architecture, such as `plain20`, `resnet50_v1`, `resnet20_v2_nobn` or `resnet18_silu`.
 *
 * @param shapes PyTorch's shapes by torchvision's names.
 * @throws ArchitectureError if no architecture fits. The message lists the keys that are missing, unexpected or of
 *   another shape, compared with the nearest architecture.
 */
export function inferArchitecture(shapes: Shapes): Architecture {
  const stem = shapes.get('conv1.weight')
  const classifier = shapes.get('fc.weight')
  if (stem?.length !== 4) throw unrecognised('there is no conv1.weight of four axes')
  if (classifier?.length !== 2) throw unrecognised('there is no fc.weight of two axes')

  const layers = blocksPerStage(shapes)
  const arch = candidate(shapes, layers, stem)
  const mismatch = mismatchOf(expected(arch, shapes), new Map(Array.from(shapes, ([key, shape]) => [key, { shape }])))
  if (mismatch !== '') throw unrecognised(`the nearest is ${arch.name}, with ${mismatch}`)
  return { ...arch, classes: classifier[0] }
}

/** The row that fits the shapes best. */
function candidate(shapes: Shapes, layers: readonly number[], stem: readonly number[]): Architecture {
  const block = shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic'
  const [middle, perGroup] = shapes.get('layer1.0.conv2.weight') ?? [0, 0]
  const groups = middle / perGroup
  const found = presets(layers).find(row => {
    const hasStem = row.stem.kernel === stem[2] && row.stem.width === stem[0]
    const isAsWide = block === 'basic' || (row.groups === groups && row.widthPerGroup === middle / groups)
    return row.shortcut !== 'none' && row.block === block && hasStem && isAsWide
  })
  if (!found) {
    throw unrecognised(`no known architecture has ${block} blocks in stages of [${layers.join(', ')}]`)
  }
  const preActivation = shapes.has('bn.weight') && !shapes.has('bn1.weight')
  const hasNorms = preActivation || shapes.has('bn1.weight') || !shapes.has('conv1.bias')
  return named({
    ...found,
    shortcut: shortcutOf(shapes, block),
    preActivation,
    norm: hasNorms ? 'batch' : 'none',
    attention: shapes.has('layer1.0.se.fc1.weight') ? 'se' : 'none',
    linear: [...shapes.keys()].filter(key => /^layer[1-9]\.linear\.\d+\.weight$/.test(key)).length,
  })
}

/**
 * The shapes of a row's network, but with the given classifier, which depends on the classes and not on the
 * architecture.
 */
function expected(arch: Architecture, shapes: Shapes): Shapes {
  return new Map(
    parametersOf(arch).map(({ attributes: { name }, shape }) => [
      name,
      (name.startsWith('fc.') && shapes.get(name)) || shape,
    ]),
  )
}

/** Counts the blocks that are present. Gaps in the numbering show up as missing parameters. */
function blocksPerStage(shapes: Shapes): number[] {
  const counts: number[] = []
  for (const key of shapes.keys()) {
    const stage = /^layer([1-9])\.\d+\.conv1\.weight$/.exec(key)?.[1]
    if (stage) counts[Number(stage) - 1] = (counts[Number(stage) - 1] ?? 0) + 1
  }
  return Array.from(counts, count => count ?? 0)
}

function shortcutOf(shapes: Shapes, block: Architecture['block']): Shortcut {
  // The first block that keeps the shape of its input. Only shortcut C has a projection there.
  const unchanged = block === 'basic' ? 'layer1.0' : 'layer1.1'
  if (shapes.has(`${unchanged}.downsample.0.weight`)) return 'C'
  return shapes.has('layer2.0.downsample.0.weight') ? 'B' : 'A'
}

const unrecognised = (reason: string) =>
  new ArchitectureError(`cannot tell the architecture from the weights: ${reason}; state it with --arch`)
