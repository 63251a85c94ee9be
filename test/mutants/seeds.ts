import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromFloat32, graphOf, input, type Weight, writeSafetensors } from '@residual/core'
import { architecture, resnet } from '@residual/resnet'
import { initialParameters, type RecipeInput, recipe, train } from '@residual/train'
import { torchLegacy, torchZip, withinDicts } from '../../packages/resnet/test/weights/torch-builder.ts'
import { records, tarGz } from '../../packages/vision/test/archives.ts'
import { avif } from '../../packages/vision/test/avif.ts'
import { IMAGES } from './kinds/images.ts'
import { trainingOptions } from './kinds/training.ts'
import { kindNames } from './mutant.ts'

/** The smallest network, with three classes. */
const SMALL = { ...architecture('resnet8'), classes: 3 }

function tensorsOf(dtype: 'F16' | 'F32'): Map<string, Weight<Uint8Array>> {
  const values = initialParameters(SMALL)
  const { parameters } = graphOf([resnet(SMALL, input('x', [1, 8, 8, 3])).logits])
  return new Map(
    parameters.map(({ attributes: { name }, shape }) => [name, fromFloat32(values.get(name)!, shape, dtype)] as const),
  )
}

const goldens = (folder: string, names: readonly string[]) =>
  Promise.all(names.map(async name => new Uint8Array(await readFile(new URL(`${folder}/${name}`, import.meta.url)))))

const torchGoldens = (ending: string) =>
  goldens(
    '../../packages/resnet/test/weights/goldens',
    ['training', 'dtypes', 'strided', 'protocol4', 'state-dict'].map(name => name + ending),
  )

const labels = { 0: 'top', 1: 'left', 2: 'middle' }
const CONFIGS = [
  { architecture: 'resnet8', num_classes: 3, id2label: labels },
  {
    architecture: 'resnet8',
    pretrained_cfg: {
      input_size: [3, 32, 32],
      crop_pct: 0.9,
      interpolation: 'bicubic',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    },
  },
  {
    model_type: 'resnet',
    layer_type: 'basic',
    hidden_act: 'relu',
    downsample_in_bottleneck: false,
    num_labels: 3,
    id2label: labels,
  },
]
const PREPROCESSORS = [
  {
    size: { shortest_edge: 36 },
    resample: 3,
    crop_size: { height: 32, width: 32 },
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.2, 0.2, 0.2],
  },
  { size: 32, crop_pct: 0.875, resample: 2, image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.2, 0.2] },
]
const RECIPES: readonly RecipeInput[] = [
  {
    epochs: 2,
    batch: 4,
    schedule: { rate: 0.05, warmUp: { length: 0.1 } },
    augmentation: { padAndCrop: 1, flip: true, cutout: 2 },
  },
  {
    steps: 5,
    batch: 2,
    accumulate: 2,
    optimizer: { kind: 'adamw' },
    ema: 0.99,
    clip: 1,
    labelSmoothing: 0.1,
    stochasticDepth: 0.3,
    augmentation: { mixup: 0.2, cutmix: 1 },
  },
  { ...recipe('paper', SMALL), steps: 9, batch: 3, schedule: { kind: 'step', rate: 0.1, milestones: [0.5, 0.75] } },
]

async function checkpointOf(recipe: RecipeInput): Promise<Uint8Array> {
  const training = train({ ...trainingOptions, recipe })
  for await (const event of training) if (event.kind === 'step') break
  return training.checkpoint()
}

const json = (values: readonly object[]) => values.map(value => new TextEncoder().encode(JSON.stringify(value)))

/** Writes undamaged files of every kind into a folder. */
export async function writeSeeds(folder: string): Promise<void> {
  const [half, single] = [tensorsOf('F16'), tensorsOf('F32')]
  const files: Record<string, readonly Uint8Array[]> = {
    safetensors: [writeSafetensors(half), writeSafetensors(single, { metadata: { format: 'pt' } })],
    'zip .pth': [torchZip(half), torchZip(half, dict => withinDicts(dict, 1)), ...(await torchGoldens('.pth'))],
    'legacy .pth': [torchLegacy(half), torchLegacy(half, dict => withinDicts(dict, 1)), ...(await torchGoldens('.th'))],
    'config.json': json(CONFIGS),
    'preprocessor_config.json': json(PREPROCESSORS),
    checkpoint: await Promise.all(RECIPES.slice(0, 2).map(checkpointOf)),
    recipe: json(RECIPES),
    'CIFAR .tar.gz': [
      tarGz({
        'cifar-10-batches-bin/batches.meta.txt': new Uint8Array(9),
        'cifar-10-batches-bin/test_batch.bin': records(3, 1),
      }),
      tarGz({ 'cifar-100-binary/train.bin': records(2, 2), 'cifar-100-binary/test.bin': records(2, 2, 5) }),
    ],
    'CIFAR .bin': [records(3, 1), records(2, 2)],
    AVIF: [await avif(37, 29), await avif(64, 64)],
  }
  for (const [format, names] of Object.entries(IMAGES)) {
    files[format] ??= await goldens('../../packages/vision/test/goldens/files', names)
  }
  for (const [place, name] of kindNames.entries()) {
    await mkdir(join(folder, `${place}`))
    for (const [i, file] of files[name].entries()) await writeFile(join(folder, `${place}`, `${i}`), file)
  }
}
