import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { whole } from '@residual/core/schema'
import type { RgbImage } from '@residual/vision'
import { CommandError, reportError } from '../errors.ts'
import { option, rest, type Values } from '../option.ts'

/** Images of a command that takes many. */
export const imagesArgument = rest('image files, folders or glob patterns')

/** The library's limits, repeated since help does not load the library. */
const MAX_PIXELS = 178_956_970
const DEFAULT_MAX_PIXELS = '67,108,864'

/** How images are read from files. */
export const imageOptions = {
  maxPixels: option(
    'n',
    whole(1, MAX_PIXELS)
      .optional()
      .help(
        `refuse images with more pixels; decoding takes up to 12 bytes per pixel, 30 for AVIF (default: ${DEFAULT_MAX_PIXELS})`,
      ),
  ),
}

type ImageValues = Values<typeof imageOptions>

/** Endings of the files that a folder is searched for. */
const ENDINGS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'bmp', 'tif', 'tiff', 'avif']

/** A decoded image and the path it was read from. */
export interface ImageFile {
  readonly path: string
  readonly image: RgbImage
}

/**
 * Reads images from files, folders (searched recursively) and glob patterns, in the order of the arguments. An image
 * that cannot be read is reported and skipped.
 */
export async function* readImages(arguments_: readonly string[], options: ImageValues): AsyncGenerator<ImageFile> {
  for (const argument of arguments_) {
    try {
      for (const path of await expand(argument)) {
        try {
          yield { path, image: await openImage(path, options) }
        } catch (error) {
          await reportError(error, path)
        }
      }
    } catch (error) {
      await reportError(error, argument)
    }
  }
}

/** Reads an image from a file. */
export async function openImage(path: string, { maxPixels }: ImageValues): Promise<RgbImage> {
  const { blockOtherLoaders, readImage } = await import('@residual/vision')
  await blockOtherLoaders()
  return readImage(path, { maxPixels })
}

/** The files that one argument names. */
async function expand(argument: string): Promise<string[]> {
  const { glob, isDynamicPattern } = await import('tinyglobby')
  const found = await stat(argument).catch(() => undefined)
  if (found?.isDirectory()) {
    const files = await glob(`**/*.{${ENDINGS.join(',')}}`, {
      cwd: argument,
      caseSensitiveMatch: false,
      expandDirectories: false,
    })
    if (files.length === 0) throw new CommandError(`${argument}: the folder holds no images (${ENDINGS.join(', ')})`)
    return inOrder(files).map(file => join(argument, file))
  }
  if (found) return [argument]
  if (!isDynamicPattern(argument)) throw new CommandError(`${argument || "''"}: no such file`)
  const files = await glob(argument, { expandDirectories: false })
  if (files.length === 0) throw new CommandError(`${argument}: no file matches the pattern`)
  return inOrder(files)
}

const inOrder = (files: string[]): string[] => files.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
