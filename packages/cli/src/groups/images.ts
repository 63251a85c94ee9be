import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RgbImage } from '@residual/vision'
import { glob, isDynamicPattern } from 'tinyglobby'
import { CommandError, reportError } from '../errors.ts'
import type { ImageOptions } from './model.ts'

/** Endings of the files that a folder is searched for. */
const ENDINGS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'bmp', 'tif', 'tiff', 'avif']

/** A decoded image and the path it was read from. */
export interface ImageFile {
  readonly path: string
  readonly image: RgbImage
}

/**
 * Reads the images that are named by files, folders (searched with those in them) and glob patterns, in that order.
 * What cannot be read is reported, and the rest goes on.
 */
export async function* readImages(arguments_: readonly string[], options: ImageOptions): AsyncGenerator<ImageFile> {
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
export async function openImage(path: string, { maxPixels }: ImageOptions): Promise<RgbImage> {
  const { blockOtherLoaders, readImage } = await import('@residual/vision')
  await blockOtherLoaders()
  return readImage(path, { maxPixels })
}

/** The files that one argument stands for. */
async function expand(argument: string): Promise<string[]> {
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
