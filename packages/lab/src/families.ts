import { type Architecture, architecture } from '@residual/resnet'
import { TrainingError } from '@residual/train'

/**
 * How networks of the same layers are wired: without shortcuts, with shortcuts (He et al. 2015), and with shortcuts that
 * nothing stands in the way of (He et al. 2016).
 */
export type Family = 'plain' | 'residual' | 'preactivation'

const NAMES: Readonly<Record<Family, readonly [before: string, after: string]>> = {
  plain: ['plain', ''],
  residual: ['resnet', ''],
  preactivation: ['resnet', '_v2'],
}

/**
 * The network of a family and depth; of 6n+2 layers the one for CIFAR.
 * @throws ArchitectureError for a depth that there is no network of, TrainingError for an unknown family.
 */
export function memberOf(family: Family, depth: number, norm: Architecture['norm'] = 'batch'): Architecture {
  if (!Object.hasOwn(NAMES, family)) {
    const known = Object.keys(NAMES).join(', ')
    throw new TrainingError(`unknown family ${JSON.stringify(String(family).slice(0, 40))}; wanted some of ${known}`)
  }
  const [before, after] = NAMES[family]
  const isCifar = depth > 2 && (depth - 2) % 6 === 0
  return architecture(`${isCifar ? 'cifar_' : ''}${before}${depth}${after}${norm === 'none' ? '_nobn' : ''}`)
}
