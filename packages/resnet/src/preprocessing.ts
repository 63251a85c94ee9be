import { FormatError } from '@residual/core'
import { above0, checkOptions, finite, list, Option, shown, someOf, text, value } from '@residual/core/schema'
import type { Preprocessing } from '@residual/vision'
import type { JsonObject } from './json.ts'
import type { Family } from './row.ts'

/** The filters in the order of Pillow's numbers, which `resample` in a preprocessor_config.json holds. */
const FILTERS: readonly Preprocessing['filter'][] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming']

/** Far above any network's input, and low enough that a damaged file does not ask for gigabytes. */
const LARGEST_SIDE = 4096

const pixels = value<number>(
  `pixels from 1 to ${LARGEST_SIDE}`,
  given => Number.isInteger(given) && Number(given) >= 1 && Number(given) <= LARGEST_SIDE,
)
const anything = value<unknown>('anything', () => true)
const edges = someOf({ shortest_edge: anything, height: anything, width: anything })

/** `224`, `{ shortest_edge: 224 }` or `{ height: 224, width: 224 }`. */
const side = new Option<number>((given, place) => {
  if (typeof given === 'number') return pixels.read(given, place)
  const { shortest_edge, height, width } = edges.read(given, place)
  if (height === width) return pixels.read(shortest_edge ?? height, place)
  throw new FormatError(`${place.source}: got ${place.path} of ${shown(height)} x ${shown(width)}, wanted a square`)
}, pixels.facts)

/** The keys that are read from a preprocessor_config.json. */
const preprocessorConfig = someOf({
  resample: value<number>(
    "one of Pillow's filters, 0 to 5",
    given => typeof given === 'number' && FILTERS[given] !== undefined,
  ).optional(),
  size: side.optional(),
  crop_size: side.optional(),
  crop_pct: above0(1).optional(),
  image_mean: list(finite, 3).optional(),
  image_std: list(above0(), 3).optional(),
})

/** The keys that are read from `pretrained_cfg` in timm's config.json. */
const timmConfig = someOf({
  interpolation: text.optional(),
  input_size: list(pixels, 3).optional(),
  crop_pct: above0(1).optional(),
  mean: list(finite, 3).optional(),
  std: list(above0(), 3).optional(),
})

/** Returns the usual preprocessing of a family: torchvision's for ImageNet, whole 32-pixel images for CIFAR. */
export function defaultPreprocessing(family: Family): Preprocessing {
  if (family === 'imagenet') {
    return { resize: 256, crop: 224, filter: 'bilinear', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
  }
  return { resize: 32, crop: 32, filter: 'bilinear', mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] }
}

/**
 * Reads a preprocessor_config.json as on the Hugging Face hub. Missing keys are taken from `defaults`.
 *
 * With `crop_size`, the short side is resized to `size` and the centre is cropped. With `crop_pct` alone, `size` is the
 * size of the crop, and the short side is resized to `size / crop_pct`, rounded down.
 *
 * @throws FormatError if a value has another type or is out of range.
 */
export function readPreprocessorConfig(config: JsonObject, defaults: Preprocessing): Preprocessing {
  const file = 'preprocessor_config.json'
  const { resample, size, crop_size, crop_pct, image_mean, image_std } = checkOptions(
    file,
    config,
    preprocessorConfig,
    FormatError,
  )
  return {
    filter: resample === undefined ? defaults.filter : FILTERS[resample],
    ...sizes(size, crop_size, crop_pct, defaults, file),
    mean: image_mean ?? defaults.mean,
    std: image_std ?? defaults.std,
  }
}

/** Makes a preprocessor_config.json that {@link readPreprocessorConfig} and transformers can read. */
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
 * Reads the `pretrained_cfg` from timm's config.json.
 * @throws FormatError if a value has another type or is out of range.
 */
export function readTimmConfig(config: JsonObject, defaults: Preprocessing): Preprocessing {
  const file = 'config.json'
  const { interpolation, input_size, crop_pct, mean, std } = checkOptions(file, config, timmConfig, FormatError)
  return {
    filter: FILTERS.find(name => name === interpolation) ?? defaults.filter,
    ...sizes(input_size?.[2], undefined, crop_pct, defaults, file),
    mean: mean ?? defaults.mean,
    std: std ?? defaults.std,
  }
}

function sizes(
  size: number | undefined,
  crop: number | undefined,
  fraction: number | undefined,
  defaults: Preprocessing,
  file: string,
): Pick<Preprocessing, 'resize' | 'crop'> {
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
