import { text, value, whole } from '@residual/core/schema'
import type { Architecture, Model } from '@residual/resnet'
import { CommandError, naming } from '../errors.ts'
import { option, type Values } from '../option.ts'
import type { runOptions } from './run.ts'

const MODEL = 'embedded model, weights file (.safetensors, .pth, .th) or model directory'

/** Which network with which weights. */
export const modelOptions = {
  model: option('model', text.optional().help(`${MODEL} (default: the embedded cifar10-resnet20)`)),
  arch: option('name', text.optional().help('architecture, if it does not follow from the weights')),
}

/** The same for commands that need no more than the architecture. */
export const architectureOptions = {
  arch: option('name', text.optional().help("architecture; 'residual list' shows them")),
  model: option('model', text.optional().help(`${MODEL}, instead of --arch or with it`)),
}

/** Height and width of the images that a network is looked at or timed with. */
export const sideOption = (byDefault: string) =>
  option('side', whole(1, 16_384).optional().help(`height and width of the images (default: the ${byDefault}'s)`))

type Triple = readonly [number, number, number]

/** `.485,.456,.406`: a number for each of red, green and blue. */
const triple = (wanted: string, isRight: (each: number) => boolean) =>
  value<Triple>(
    `${wanted}, as in .485,.456,.406`,
    given => Array.isArray(given) && given.length === 3 && given.every(each => Number.isFinite(each) && isRight(each)),
    { text: (given: string) => given.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part))) },
  ).optional()

/** How pixels are normalised, for models that do not say so or say it wrong. */
export const normalisationOptions = {
  mean: option('r,g,b', triple('three numbers', () => true).help("mean of pixels / 255, instead of the model's")),
  std: option(
    'r,g,b',
    triple('three numbers above 0', each => each > 0).help(
      "standard deviation of pixels / 255, instead of the model's",
    ),
  ),
}

type ModelValues = Values<typeof modelOptions>
type Opened = Partial<ModelValues & Values<typeof runOptions> & Values<typeof normalisationOptions>>

/** Loads the model that the options name, or the embedded one if they name none. */
export async function openModel({ model, arch, threads, build, mean, std }: Opened): Promise<Model> {
  const { embeddedModels, loadModel } = await import('@residual/resnet')
  if (arch !== undefined) await findArchitecture(arch)
  const source = model ?? embeddedModels()[0]
  return naming(source, () => loadModel(source, { arch, threads, build, mean, std }))
}

/** Finds an architecture by its name; an unknown name is wrong usage. */
export async function findArchitecture(name: string): Promise<Architecture> {
  const { architecture } = await import('@residual/resnet')
  const { ArchitectureError } = await import('@residual/core')
  try {
    return architecture(name)
  } catch (error) {
    throw error instanceof ArchitectureError ? new CommandError(`--arch: ${error.message}`, 2) : error
  }
}

/** Requires a model or an architecture, in commands that need no weights. */
export function requireModelOrArchitecture({ model, arch }: ModelValues): void {
  if (model !== undefined || arch !== undefined) return
  throw new CommandError("missing --arch <name> or --model <model>; 'residual list' shows what there is", 2)
}
