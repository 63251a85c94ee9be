import { FormatError } from '@residual/core'
import type { Preprocessing } from '@residual/vision'
import { type JsonObject, numberIn, objectIn, shown, triple } from './json.ts'
import type { Family } from './row.ts'

/** Pillow's numbers for its filters, which `resample` in a preprocessor_config.json holds. */
const FILTERS: readonly Preprocessing['filter'][] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming']

/** What a family's networks are usually trained on: torchvision's for ImageNet, whole 32-pixel images for CIFAR. */
export function defaultPreprocessing(family: Family): Preprocessing {
  if (family === 'imagenet') {
    return { resize: 256, crop: 224, filter: 'bilinear', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
  }
  return { resize: 32, crop: 32, filter: 'bilinear', mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] }
}

/**
 * Reads a preprocessor_config.json as on the Hugging Face hub; what it does not say is taken from `defaults`.
 *
 * With `crop_size` the short side becomes `size` and the middle is cut out. With `crop_pct` alone `size` is the crop,
 * and the short side becomes `size / crop_pct`, rounded down.
 *
 * @throws FormatError for values that are not what they should be.
 */
export function readPreprocessorConfig(config: JsonObject, defaults: Preprocessing): Preprocessing {
  const file = 'preprocessor_config.json'
  const resample = numberIn(config, 'resample', file) ?? FILTERS.indexOf(defaults.filter)
  const filter = FILTERS[resample]
  if (!filter) throw new FormatError(`${file}: got resample ${resample}, wanted one of Pillow's filters, 0 to 5`)
  const size = sideIn(config, 'size', file)
  const crop = sideIn(config, 'crop_size', file)
  return {
    filter,
    ...sizes(size, crop, numberIn(config, 'crop_pct', file), defaults, file),
    ...meanAndStd(config.image_mean, config.image_std, defaults, file),
  }
}

/** What {@link readPreprocessorConfig} reads, as a preprocessor_config.json that transformers reads as well. */
export function preprocessorConfigOf({ resize, crop, filter, mean, std }: Preprocessing): JsonObject {
  return {
    do_resize: true,
    size: { shortest_edge: resize },
    resample: FILTERS.indexOf(filter),
    do_center_crop: true,
    crop_size: { height: crop, width: crop },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  }
}

/**
 * Reads the `pretrained_cfg` that timm keeps in its config.json.
 * @throws FormatError for values that are not what they should be.
 */
export function readTimmConfig(config: JsonObject, defaults: Preprocessing): Preprocessing {
  const file = 'config.json'
  const filter = FILTERS.find(name => name === config.interpolation) ?? defaults.filter
  const side = Array.isArray(config.input_size) ? positive(config.input_size[2], 'input_size', file) : undefined
  return {
    filter,
    ...sizes(side, undefined, numberIn(config, 'crop_pct', file), defaults, file),
    ...meanAndStd(config.mean, config.std, defaults, file),
  }
}

function sizes(
  size: number | undefined,
  crop: number | undefined,
  fraction: number | undefined,
  defaults: Preprocessing,
  file: string,
): Pick<Preprocessing, 'resize' | 'crop'> {
  if (fraction !== undefined && !(fraction > 0 && fraction <= 1)) {
    throw new FormatError(`${file}: got crop_pct ${fraction}, wanted a number above 0 and at most 1`)
  }
  if (crop !== undefined) return { resize: size ?? crop, crop }
  if (size === undefined && fraction === undefined) return { resize: defaults.resize, crop: defaults.crop }
  const side = size ?? defaults.crop
  const resize = Math.floor(side / (fraction ?? 1))
  if (resize > LARGEST_SIDE) {
    throw new FormatError(
      `${file}: crop_pct ${fraction} of ${side} pixels makes ${resize}, wanted at most ${LARGEST_SIDE}`,
    )
  }
  return { resize, crop: side }
}

/** `224`, `{ shortest_edge: 224 }` or `{ height: 224, width: 224 }`. */
function sideIn(config: JsonObject, key: string, file: string): number | undefined {
  const value = config[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number') return positive(value, key, file)
  const { shortest_edge, height, width } = objectIn(config, key, file) ?? {}
  if (height !== width) {
    throw new FormatError(`${file}: got ${key} of ${shown(height)} x ${shown(width)}, wanted a square`)
  }
  return positive(shortest_edge ?? height, key, file)
}

/** Far above any network's input, and low enough that a damaged file does not ask for gigabytes. */
const LARGEST_SIDE = 4096

function positive(value: unknown, key: string, file: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_SIDE) return value
  throw new FormatError(`${file}: got ${key} ${shown(value)}, wanted pixels from 1 to ${LARGEST_SIDE}`)
}

function meanAndStd(
  mean: unknown,
  std: unknown,
  defaults: Preprocessing,
  file: string,
): Pick<Preprocessing, 'mean' | 'std'> {
  const read = { mean: triple(mean, 'mean', file) ?? defaults.mean, std: triple(std, 'std', file) ?? defaults.std }
  if (read.std.some(value => value <= 0)) {
    throw new FormatError(`${file}: got std ${read.std.join(', ')}, wanted numbers above 0`)
  }
  return read
}
