import { centerCrop, type Preprocessing, type RgbImage, resize } from '@residual/vision'

/** A number, 0 or more, for each position of a layer. */
export interface HeatMap {
  readonly width: number
  readonly height: number
  /** `[height, width]` */
  readonly values: Float32Array
}

/** Resizes a map bilinearly between the centres of its positions, as PyTorch's `interpolate` does. */
export function resizeMap({ width, height, values }: HeatMap, toWidth: number, toHeight: number): HeatMap {
  const across = places(width, toWidth)
  const result = new Float32Array(toWidth * toHeight)
  places(height, toHeight).forEach(([top, bottom, down], y) => {
    across.forEach(([left, right, along], x) => {
      const at = (row: number, column: number) => values[row * width + column]
      const above = at(top, left) * (1 - along) + at(top, right) * along
      const below = at(bottom, left) * (1 - along) + at(bottom, right) * along
      result[y * toWidth + x] = above * (1 - down) + below * down
    })
  })
  return { width: toWidth, height: toHeight, values: result }
}

/** For each position along a side of `to`: the two positions of `from` around it, and its distance from the first. */
function places(from: number, to: number): [first: number, second: number, fraction: number][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5)
    const first = Math.min(from - 1, Math.floor(at))
    return [first, Math.min(from - 1, first + 1), at - first]
  })
}

/** The smallest fraction of the map, 0 to 1, that holds half of its heat; undefined if there is no heat. */
export function areaOfHalf({ values }: HeatMap): number | undefined {
  const total = values.reduce((a, b) => a + b, 0)
  if (!(total > 0)) return undefined
  let [sum, count] = [0, 0]
  for (const value of values.toSorted().reverse()) {
    count++
    sum += value
    if (sum >= total / 2) break
  }
  return count / values.length
}

/**
 * Colours from cold to hot as Oklab's lightness and its two colour axes (Ottosson 2020). Lightness rises evenly, so the
 * order is visible without distinguishing hues, and on paper.
 */
const RAMP = [
  [0.16, 0.01, -0.05],
  [0.36, 0.09, -0.12],
  [0.56, 0.17, 0.0],
  [0.76, 0.07, 0.13],
  [0.96, -0.03, 0.1],
] as const

/** Red, green and blue, 0 to 255, of a heat from 0 to 1. */
export function heatColour(heat: number): [red: number, green: number, blue: number] {
  const at = Math.min(1, Math.max(0, heat)) * (RAMP.length - 1)
  const i = Math.min(RAMP.length - 2, Math.floor(at))
  const [lightness, a, b] = RAMP[i].map((value, axis) => value + (at - i) * (RAMP[i + 1][axis] - value))
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  const [red, green, blue] = linear.map(value => {
    const x = Math.min(1, Math.max(0, value))
    return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055))
  })
  return [red, green, blue]
}

/** The map as an image of `width` x `height` pixels; its hottest position has the last colour. */
export function heatImage(map: HeatMap, width: number, height: number): RgbImage {
  const hottest = map.values.reduce((a, b) => Math.max(a, b), 0)
  const scale = hottest > 0 ? 1 / hottest : 0
  // More colours than a channel has levels.
  const colours = Array.from({ length: 1024 }, (_, i) => heatColour(i / 1023))
  const data = new Uint8Array(width * height * 3)
  resizeMap(map, width, height).values.forEach((value, i) => {
    data.set(colours[Math.round(1023 * value * scale)], i * 3)
  })
  return { width, height, data }
}

/** Default opacity of the heat over an image. */
export const OPACITY = 0.5

/** An image under the heat of a map. */
export function overlay(image: RgbImage, map: HeatMap, opacity = OPACITY): RgbImage {
  const { width, height, data } = image
  const heat = heatImage(map, width, height).data
  return { width, height, data: data.map((value, i) => Math.round(value + opacity * (heat[i] - value))) }
}

/** Side in pixels of the images for people: large enough for a map of a few positions, small enough for a page. */
const VIEW = 448

/** The square of an image that a network gets, enlarged for people to a multiple of the network's pixels. */
export function viewOf(image: RgbImage, { resize: side, crop }: Pick<Preprocessing, 'resize' | 'crop'>): RgbImage {
  const size = crop <= VIEW ? crop * Math.floor(VIEW / crop) : VIEW
  const square = Math.max(1, Math.round((Math.min(image.width, image.height) * crop) / side))
  return resize(centerCrop(image, square, square), size, size, 'bicubic')
}
