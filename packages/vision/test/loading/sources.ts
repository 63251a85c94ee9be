import type { ImageArray, TrainingBatch } from '../../src/index.ts'
import { image } from '../images.ts'

/** A normalisation that keeps bytes as they are, except for rounding in single precision. */
export const asBytes = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const

/** Different images of noise, and labels that cycle through three classes. */
export function noise(length: number, width = 8, height = width): ImageArray {
  return {
    length,
    width,
    height,
    classes: ['a', 'b', 'c'],
    labels: Uint8Array.from({ length }, (_, i) => i % 3),
    images: image('noise', width, height * length).data,
  }
}

/** Equal images whose red is the column and whose green is the row, both counted from 1; blue is 200. */
export function coordinates(length: number, width: number, height: number): ImageArray {
  const one = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3)
    return [(pixel % width) + 1, Math.floor(pixel / width) + 1, 200][i % 3]
  })
  const images = new Uint8Array(length * one.length)
  for (let i = 0; i < length; i++) images.set(one, i * one.length)
  return { length, width, height, classes: ['all'], labels: new Uint8Array(length), images }
}

export async function collect(batches: AsyncIterable<TrainingBatch>): Promise<TrainingBatch[]> {
  const collected: TrainingBatch[] = []
  for await (const batch of batches) collected.push(batch)
  return collected
}
