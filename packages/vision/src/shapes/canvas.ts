import { SIDE } from '../cifar/kinds.ts'

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number]

/** The number of lines that sample a row of pixels; along a line, coverage is exact. */
const SUBROWS = 4
/** More corners than any polygon has. */
const MAX_CROSSINGS = 64

/**
 * A canvas of 32 x 32 pixels in double precision. It uses only sums, products, quotients and square roots, which have
 * the same bits in every engine.
 */
export class Canvas {
  /** `[32, 32, 3]`, 0 to 255 or a little beyond. */
  readonly pixels = new Float64Array(SIDE * SIDE * 3)
  readonly #coverage = new Float64Array(SIDE)
  readonly #crossings = new Float64Array(MAX_CROSSINGS)
  readonly #quad = new Float64Array(8)

  /** Fills a polygon. Its corners are x and y in turn, in pixels from the upper left corner; edges are antialiased. */
  fill(polygon: Float64Array, color: Color): void {
    let left = polygon[0]
    let right = left
    let top = polygon[1]
    let bottom = top
    for (let i = 2; i < polygon.length; i += 2) {
      left = Math.min(left, polygon[i])
      right = Math.max(right, polygon[i])
      top = Math.min(top, polygon[i + 1])
      bottom = Math.max(bottom, polygon[i + 1])
    }
    const from = Math.max(0, Math.floor(left))
    const to = Math.min(SIDE, Math.floor(right) + 1)
    const last = Math.min(SIDE - 1, Math.floor(bottom))
    for (let y = Math.max(0, Math.floor(top)); y <= last; y++) this.#fillRow(polygon, y, from, to, color)
  }

  /** Draws a line of the given width with square ends. */
  line(x0: number, y0: number, x1: number, y1: number, width: number, color: Color): void {
    const [dx, dy] = [x1 - x0, y1 - y0]
    const length = Math.sqrt(dx * dx + dy * dy)
    if (length === 0) return
    const [ax, ay] = [((dx / length) * width) / 2, ((dy / length) * width) / 2]
    const quad = this.#quad
    quad[0] = x0 - ax + ay
    quad[1] = y0 - ay - ax
    quad[2] = x1 + ax + ay
    quad[3] = y1 + ay - ax
    quad[4] = x1 + ax - ay
    quad[5] = y1 + ay + ax
    quad[6] = x0 - ax - ay
    quad[7] = y0 - ay + ax
    this.fill(quad, color)
  }

  /** Draws the edges of a polygon. */
  outline(polygon: Float64Array, width: number, color: Color): void {
    const n = polygon.length
    for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
      this.line(polygon[j], polygon[j + 1], polygon[i], polygon[i + 1], width, color)
    }
  }

  /** Fills the part of a polygon in the pixels `from` to `to` of row `y`. */
  #fillRow(polygon: Float64Array, y: number, from: number, to: number, color: Color): void {
    const coverage = this.#coverage
    const crossings = this.#crossings
    for (let x = from; x < to; x++) coverage[x] = 0
    for (let s = 0; s < SUBROWS; s++) {
      const crossed = this.#cross(polygon, y + (s + 0.5) / SUBROWS)
      for (let i = 0; i + 1 < crossed; i += 2) cover(coverage, crossings[i], crossings[i + 1])
    }
    const pixels = this.pixels
    for (let x = from; x < to; x++) {
      const share = coverage[x] / SUBROWS
      if (share === 0) continue
      for (let c = 0, at = (y * SIDE + x) * 3; c < 3; c++, at++) pixels[at] += (color[c] - pixels[at]) * share
    }
  }

  /** Finds where a horizontal line crosses the edges, from left to right, and returns the number of crossings. */
  #cross(polygon: Float64Array, y: number): number {
    const crossings = this.#crossings
    const n = polygon.length
    let count = 0
    for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
      const y0 = polygon[j + 1]
      const y1 = polygon[i + 1]
      if (y0 <= y === y1 <= y) continue
      const x = polygon[j] + ((y - y0) * (polygon[i] - polygon[j])) / (y1 - y0)
      let k = count++
      for (; k > 0 && crossings[k - 1] > x; k--) crossings[k] = crossings[k - 1]
      crossings[k] = x
    }
    return count
  }
}

/** Adds to the coverage of each pixel its part between two positions in the row. */
function cover(coverage: Float64Array, from: number, to: number): void {
  const start = Math.max(0, from)
  const end = Math.min(SIDE, to)
  if (start >= end) return
  const first = Math.floor(start)
  const last = Math.floor(end)
  if (first === last) {
    coverage[first] += end - start
    return
  }
  coverage[first] += first + 1 - start
  for (let x = first + 1; x < last; x++) coverage[x] += 1
  if (last < SIDE) coverage[last] += end - last
}
