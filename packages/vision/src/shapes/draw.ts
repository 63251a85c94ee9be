import { SIDE } from '../cifar/kinds.ts'
import type { Random } from '../random.ts'
import { Canvas, type Color } from './canvas.ts'
import { outlines } from './outlines.ts'

/** The classes in the order of their labels. */
export const shapeClasses: readonly string[] = Object.keys(outlines)

const shapes: readonly (readonly number[])[] = Object.values(outlines)

/** Cells of the background's pattern along a side. */
const CELLS = 4
/** Pixels along a cell. */
const CELL = SIDE / CELLS
/** Channels of the background are below this, before its pattern; those of a shape are above it. */
const DARK = 110
/** A shape is at least this much lighter than the background, summed over the channels. */
const CONTRAST = 150

/** Draws images of shapes one after another, and reuses its memory. */
export class ShapeArtist {
  readonly #canvas = new Canvas()
  readonly #knots = new Float64Array((CELLS + 1) * (CELLS + 1) * 3)
  readonly #polygons = shapes.map(shape => new Float64Array(shape.length))

  /**
   * Draws an image of the class `label` into `[32, 32, 3]` bytes: a large light shape on a dark blotchy background. The
   * shape is filled or in outline, turned and stretched, at any position. Small shapes and lines of any colour surround
   * and cross it, and noise covers the image.
   */
  draw(random: Random, label: number, bytes: Uint8Array): void {
    const canvas = this.#canvas
    const ground = colorIn(random, 0, DARK)
    this.#background(random, ground)
    for (let i = 1 + random.below(4); i > 0; i--) this.#clutter(random)
    let color = colorIn(random, DARK, 256)
    while (sum(color) < sum(ground) + CONTRAST) color = colorIn(random, DARK, 256)
    const radius = between(random, 7, 12)
    const polygon = this.#place(random, label, radius, 0.9 * radius)
    if (random.below(3) > 0) canvas.fill(polygon, color)
    else canvas.outline(polygon, between(random, 1.4, 2.4), color)
    for (let i = random.below(2); i > 0; i--) this.#line(random)
    develop(random, canvas.pixels, between(random, 3, 18), bytes)
  }

  /** A pattern of blotches around a colour. */
  #background(random: Random, ground: Color): void {
    const knots = this.#knots
    const strength = between(random, 0, 40)
    for (let i = 0; i < knots.length; i++) knots[i] = ground[i % 3] + between(random, -strength, strength)
    const pixels = this.#canvas.pixels
    const stride = (CELLS + 1) * 3
    for (let i = 0, at = 0; i < SIDE * CELLS; i++) {
      // Row by row, cell by cell: from its left to its right edge, each interpolated between the knots above and below.
      const y = Math.floor(i / CELLS)
      const knot = Math.floor(y / CELL) * stride + (i % CELLS) * 3
      const down = (y % CELL) / CELL
      for (let c = knot; c < knot + 3; c++, at++) {
        const left = knots[c] + (knots[c + stride] - knots[c]) * down
        const right = knots[c + 3] + (knots[c + stride + 3] - knots[c + 3]) * down
        for (let x = 0, to = at; x < CELL; x++, to += 3) pixels[to] = left + ((right - left) * x) / CELL
      }
      at += 3 * (CELL - 1)
    }
  }

  #clutter(random: Random): void {
    if (random.below(3) === 0) {
      this.#line(random)
    } else {
      const polygon = this.#place(random, random.below(shapes.length), between(random, 1.5, 3.5), 0)
      this.#canvas.fill(polygon, anyColor(random))
    }
  }

  #line(random: Random): void {
    const [x, y] = [between(random, 0, SIDE), between(random, 0, SIDE)]
    const [dx, dy] = direction(random)
    const length = between(random, 6, 24)
    this.#canvas.line(x, y, x + dx * length, y + dy * length, between(random, 0.6, 1.6), anyColor(random))
  }

  /** The corners of a shape, rotated, stretched and placed with its centre at least `margin` from the sides. */
  #place(random: Random, label: number, radius: number, margin: number): Float64Array {
    const [shape, polygon] = [shapes[label], this.#polygons[label]]
    const [x, y] = [between(random, margin, SIDE - margin), between(random, margin, SIDE - margin)]
    const [width, height] = [radius * between(random, 0.8, 1.2), radius * between(random, 0.8, 1.2)]
    const [cos, sin] = direction(random)
    for (let i = 0; i < shape.length; i += 2) {
      const [across, along] = [shape[i] * width, shape[i + 1] * height]
      polygon[i] = x + across * cos - along * sin
      polygon[i + 1] = y + across * sin + along * cos
    }
    return polygon
  }
}

/** Adds noise of the standard deviation `sigma`, nearly normal, and rounds to bytes. */
function develop(random: Random, pixels: Float64Array, sigma: number, bytes: Uint8Array): void {
  // Two sums of two bytes each from one number; the variance of such a sum is (2^16 - 1) / 6.
  const scale = sigma / Math.sqrt((2 ** 16 - 1) / 6)
  for (let i = 0; i < bytes.length; i += 2) {
    const word = random.next()
    bytes[i] = toByte(pixels[i] + ((word & 255) + ((word >>> 8) & 255) - 255) * scale)
    bytes[i + 1] = toByte(pixels[i + 1] + (((word >>> 16) & 255) + (word >>> 24) - 255) * scale)
  }
}

const toByte = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.floor(value + 0.5))

const between = (random: Random, least: number, most: number): number => least + (most - least) * random.uniform()

/** A colour with each channel from `least` to below `most`. */
function colorIn(random: Random, least: number, most: number): Color {
  const channel = () => least + random.below(most - least)
  return [channel(), channel(), channel()]
}

const anyColor = (random: Random): Color => colorIn(random, 0, 256)

const sum = ([red, green, blue]: Color): number => red + green + blue

/** A vector of length 1: a uniform point of a disc, moved to its rim, so that all directions are equally likely. */
function direction(random: Random): readonly [number, number] {
  for (;;) {
    const [x, y] = [between(random, -1, 1), between(random, -1, 1)]
    const square = x * x + y * y
    if (square > 1 || square < 0.01) continue
    const length = Math.sqrt(square)
    return [x / length, y / length]
  }
}
