import { readdir, stat } from 'node:fs/promises'
import { text, whole } from '@residual/core/schema'
import type { ImageFiles, TrainingSource } from '@residual/vision'
import { CommandError, naming } from '../errors.ts'
import { flag, option, type Values } from '../option.ts'
import type { imageOptions } from './images.ts'

/** What `--data` takes, for help. */
export const DATA =
  "shapes, cifar10 or cifar100 (see 'residual pull'), CIFAR's binary version (the .tar.gz or its folder), or a folder of images: class/*.jpg, or train/class/*.jpg and val/class/*.jpg"

/** `--data` of commands that need it. */
export const dataOption = option('path', text.help(DATA))

/** For commands that compare a model's classes with those of the data. */
export const ignoreNamesOption = flag(
  'compare classes by number, even if the data names them differently from the model',
)

/** `--limit`; `help` says what it does in a command. */
export const limitOption = (help: string) =>
  option('n', whole(1, 1_000_000_000).optional().help(`${help} (default: all)`))

type ImageValues = Values<typeof imageOptions>

/** Images to train on and, if there are any, to test with. */
export interface TrainingData {
  readonly data: TrainingSource
  readonly test?: TrainingSource
}

/**
 * Opens the data at a path for training. In a folder of classes without a folder val, every `holdOut`-th image of each
 * class is kept for testing; none if it is 0.
 */
export async function openTrainingData(
  path: string,
  holdOut: number,
  { maxPixels }: ImageValues,
): Promise<TrainingData> {
  return naming(path, async () => {
    const { blockOtherLoaders, imageFolderSplits, openCifar, openImageFolder } = await import('@residual/vision')
    const { openNamedData } = await import('@residual/vision/pull')
    const named = await openNamedData(path, { split: 'train' })
    if (named) return { data: named, test: await openNamedData(path, { split: 'test' }) }
    if (!(await isImageFolder(path))) {
      const data = await openCifar(path, { split: 'train' })
      return path.endsWith('.bin') ? { data } : { data, test: await openCifar(path, { split: 'test' }) }
    }
    await blockOtherLoaders()
    const splits = await imageFolderSplits(path)
    const data = await openImageFolder(path, { split: splits.length > 0 ? 'train' : undefined, maxPixels })
    if (splits.includes('val')) return { data, test: await openImageFolder(path, { split: 'val', maxPixels }) }
    return holdOut === 0 ? { data } : divided(data, holdOut)
  })
}

/** Opens one split of the data at a path; a folder of classes without train and val is opened as a whole. */
export async function openSplit(
  path: string,
  split: 'train' | 'test',
  { maxPixels }: ImageValues,
): Promise<TrainingSource> {
  return naming(path, async () => {
    const { blockOtherLoaders, imageFolderSplits, openCifar, openImageFolder } = await import('@residual/vision')
    const { openNamedData } = await import('@residual/vision/pull')
    const named = await openNamedData(path, { split })
    if (named) return named
    if (!(await isImageFolder(path))) return openCifar(path, { split })
    await blockOtherLoaders()
    const splits = await imageFolderSplits(path)
    const folder = splits.length === 0 ? undefined : split === 'test' ? 'val' : 'train'
    return openImageFolder(path, { split: folder, maxPixels })
  })
}

/** Whether it is a folder other than CIFAR's. */
async function isImageFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return false
  const entries = await readdir(path, { withFileTypes: true })
  if (entries.some(({ name }) => name.endsWith('.bin'))) return false
  if (entries.some(entry => !entry.isFile())) return true
  throw new CommandError(`${path}: holds neither the .bin files of CIFAR's binary version nor a folder for each class`)
}

function divided(source: ImageFiles, holdOut: number): TrainingData {
  const seen = source.classes.map(() => 0)
  const isTest = Array.from(source.labels, label => ++seen[label] % holdOut === 0)
  const part = (wanted: boolean): ImageFiles => {
    const files = source.files.filter((_, i) => isTest[i] === wanted)
    const labels = Array.from(source.labels).filter((_, i) => isTest[i] === wanted)
    return { ...source, files, labels, length: files.length }
  }
  return isTest.includes(true) ? { data: part(false), test: part(true) } : { data: source }
}
