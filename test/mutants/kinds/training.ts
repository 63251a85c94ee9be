import { readSafetensors, writeSafetensors } from '@residual/core'
import { architecture } from '@residual/resnet'
import { recipe, type TrainOptions, train } from '@residual/train'
import { checksum } from '../../../packages/train/src/checksum.ts'
import { images } from '../../../packages/train/test/images.ts'
import { mutate } from '../bytes.ts'
import { mutateJson } from '../json.ts'
import { mutateTensors } from '../tensors.ts'
import type { Kind } from './kind.ts'

/** The options that the trainings of the seeds begin with, and that their mutants continue with. */
export const trainingOptions: TrainOptions = { arch: 'resnet8', data: images(12), worker: false, threads: 1 }

/** Trains until the first step is done. */
async function begin(options: TrainOptions): Promise<void> {
  for await (const event of train(options)) if (event.kind !== 'start') return
}

export const checkpoint: Kind = {
  name: 'checkpoint',
  change(file, below) {
    const { tensors, metadata } = readSafetensors(file)
    const values = below(3) === 0 ? mutateTensors(tensors, below) : tensors
    const changed = new TextEncoder().encode(metadata.training)
    const training =
      below(8) === 0
        ? new TextDecoder().decode(mutate(changed, [0, changed.length], below))
        : mutateJson(metadata.training, below)
    return writeSafetensors(values, { metadata: { ...metadata, training, checksum: checksum(training, values) } })
  },
  use: file => begin({ ...trainingOptions, arch: undefined, resume: file }),
}

/** The content of a recipe file. Text that is not JSON is refused before it gets to a recipe. */
function parsed(file: Uint8Array) {
  try {
    return JSON.parse(new TextDecoder().decode(file))
  } catch {
    return {}
  }
}

export const recipeFile: Kind = {
  name: 'recipe',
  change: (file, below) => new TextEncoder().encode(mutateJson(new TextDecoder().decode(file), below)),
  async use(file) {
    const value = parsed(file)
    recipe(value, architecture('resnet18'))
    await begin({ ...trainingOptions, recipe: value })
  },
}
