import type { ImageArray } from '@residual/vision'

const SIDE = 8

/** Small noisy images of three classes: brighter at the top, on the left, or in the middle. */
export function images(count: number, seed = 1): ImageArray {
  const labels = Array.from({ length: count }, (_, i) => i % 3)
  const images = new Uint8Array(count * SIDE * SIDE * 3)
  let state = seed
  for (let i = 0; i < images.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const pixel = Math.floor(i / 3) % (SIDE * SIDE)
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)]
    const middle = x > 1 && x < 6 && y > 1 && y < 6
    const isBright = [y < 3, x < 3, middle][labels[Math.floor(i / (SIDE * SIDE * 3))]]
    images[i] = (isBright ? 130 : 50) + (state >>> 25)
  }
  return { length: count, width: SIDE, height: SIDE, classes: ['top', 'left', 'middle'], labels, images }
}
