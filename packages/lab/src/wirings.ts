import { type Architecture, architectureOfDepth, type Row } from '@residual/resnet'
import { TrainingError } from '@residual/train'

/**
 * How networks with the same layers are wired: without shortcuts, with shortcuts (He et al. 2015), or with shortcuts
 * that no ReLU interrupts (He et al. 2016).
 */
export type Wiring = 'plain' | 'residual' | 'preactivation'

const WIRINGS: Readonly<Record<Wiring, { readonly kind: 'plain' | 'resnet'; readonly changes?: Partial<Row> }>> = {
  plain: { kind: 'plain' },
  residual: { kind: 'resnet' },
  preactivation: { kind: 'resnet', changes: { preActivation: true } },
}

/**
 * The architecture with a wiring and a depth; a depth of 6n+2 means the network for CIFAR.
 * @throws ArchitectureError for a depth that no network has; TrainingError for an unknown wiring.
 */
export function memberOf(wiring: Wiring, depth: number, norm: Architecture['norm'] = 'batch'): Architecture {
  if (!Object.hasOwn(WIRINGS, wiring)) {
    const known = Object.keys(WIRINGS).join(', ')
    throw new TrainingError(`unknown family ${JSON.stringify(String(wiring).slice(0, 40))}; wanted some of ${known}`)
  }
  const { kind, changes } = WIRINGS[wiring]
  return architectureOfDepth(kind, depth, { ...changes, norm })
}
