import { listFolder } from '#files'
import { checkMaxPixels } from '../decode/limits.ts'
import { VisionError } from '../errors.ts'
import type { Listing } from '../files/listing.ts'
import { checkKeys } from '../options.ts'
import { nameOf, oneLine } from '../source.ts'
import type { ImageFiles } from './source.ts'

export type ImageFolderSplit = 'train' | 'val'

export interface ImageFolderOptions {
  /** Which of the folders train and val to use; omit it if the folder holds the classes itself. */
  readonly split?: ImageFolderSplit
  /** The most pixels that an image may have, as for `decode`. */
  readonly maxPixels?: number
}

/** The labelled images of a folder. */
export interface ImageFolder extends ImageFiles {
  readonly files: readonly string[]
  readonly labels: Int32Array
}

const SPLITS: readonly ImageFolderSplit[] = ['train', 'val']
/** Endings of the formats that `decode` reads; other files are ignored. */
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif|bmp)$/i

/**
 * Finds labelled images in a folder with one folder for each class, `class/*.jpg`, or with `train/class/*.jpg` and
 * `val/class/*.jpg`. The classes are the names of the folders, in the order of their characters; both splits have the
 * classes of `train`. Images are in the order of their names, and images in subfolders of a class come after the
 * others. Hidden files and files without the extension of an image are ignored. Images are not read until they are
 * loaded. Node only: browsers see no folders.
 *
 * @throws VisionError if it is not such a folder, and for an invalid `maxPixels`.
 */
export async function openImageFolder(path: string | URL, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  checkKeys('openImageFolder', options, { split: true, maxPixels: true })
  const { split, maxPixels } = options
  if (maxPixels !== undefined) checkMaxPixels(maxPixels)
  return { ...(await openClasses(path, split)), maxPixels }
}

async function openClasses(path: string | URL, split: ImageFolderSplit | undefined): Promise<ImageFolder> {
  const root = await folder(path)
  const found = await splitsIn(root)
  if (split === undefined) {
    if (found.length === 0) return gather(root, classesIn(root))
    throw new VisionError(`${oneLine(root.path)}: holds the splits ${found.join(' and ')}; say which to take`)
  }
  if (!SPLITS.includes(split)) throw new VisionError(`unknown split ${split} (known: ${SPLITS.join(', ')})`)
  if (!found.includes(split)) {
    throw new VisionError(
      `${oneLine(root.path)}: holds no split ${split}, a folder of that name that holds the classes`,
    )
  }
  const chosen = await folder(`${root.path}/${split}`)
  return gather(chosen, classesIn(found.includes('train') ? await folder(`${root.path}/train`) : chosen))
}

/**
 * Returns the splits that {@link openImageFolder} finds in a folder: train and val, if they hold folders and no images.
 * @throws VisionError if it is not a folder.
 */
export async function imageFolderSplits(path: string | URL): Promise<ImageFolderSplit[]> {
  return splitsIn(await folder(path))
}

async function splitsIn(root: Listing): Promise<ImageFolderSplit[]> {
  const holding = await Promise.all(
    SPLITS.map(async split => {
      if (!classesIn(root).includes(split)) return false
      const listing = await folder(`${root.path}/${split}`)
      return classesIn(listing).length > 0 && !listing.files.some(name => IMAGE.test(name))
    }),
  )
  return SPLITS.filter((_, i) => holding[i])
}

function classesIn({ folders, links }: Listing): string[] {
  return [...folders, ...links].sort()
}

async function folder(path: string | URL): Promise<Listing> {
  const listing = await listFolder(path)
  if (listing) return listing
  const what = 'is not a folder on this machine; give one that holds a folder of images for each class'
  throw new VisionError(`${nameOf(path, '')}: ${what}`)
}

/** The images in a folder of classes, labelled by the index of their class in `classes`. */
async function gather(root: Listing, classes: readonly string[]): Promise<ImageFolder> {
  const names = classesIn(root)
  if (names.length === 0) {
    throw new VisionError(`${oneLine(root.path)}: holds no folders, wanted a folder of images for each class`)
  }
  const files: string[] = []
  const labels: number[] = []
  for (const name of names) {
    const path = `${root.path}/${name}`
    const label = classes.indexOf(name)
    if (label < 0)
      throw new VisionError(`${oneLine(path)}: is not a class of the train split; remove it, or add it there`)
    await gatherImages(path, files)
    if (files.length === labels.length) {
      const endings = '.jpg, .png, .webp, .gif, .tif, .avif or .bmp'
      throw new VisionError(`${oneLine(path)}: holds no images (${endings}); remove it, or add some`)
    }
    while (labels.length < files.length) labels.push(label)
  }
  return { length: files.length, classes, labels: Int32Array.from(labels), files }
}

/** Links to folders within a class are not followed, since they may form a cycle. */
async function gatherImages(path: string, files: string[]): Promise<void> {
  const listing = await folder(path)
  for (const name of listing.files) if (IMAGE.test(name)) files.push(`${path}/${name}`)
  for (const name of listing.folders) await gatherImages(`${path}/${name}`, files)
}
