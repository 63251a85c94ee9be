import { type Architecture, placeOf } from '@residual/resnet'

/**
 * The factor of each parameter's learning rate. It is 1 for the classifier and is multiplied by `factor` for every
 * stage further from it; the stem is the furthest.
 */
export function layerRate({ layers }: Architecture, factor: number): (name: string) => number {
  return name => {
    if (name.startsWith('fc.')) return 1
    const place = placeOf(name)
    // The last batch norm of a pre-activation network follows the last stage.
    if (!place && name.startsWith('bn.')) return factor
    return factor ** (place ? layers.length - place.stage : layers.length + 1)
  }
}
