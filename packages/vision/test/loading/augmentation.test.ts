import { describe, expect, test } from 'vitest'
import { type Augmentation, type ImageArray, type LoadOptions, loadBatches } from '../../src/index.ts'
import { asBytes, collect, coordinates } from './sources.ts'

/** The images of one epoch, in order, as `[height, width, 3]` whole numbers. */
async function augmented(source: ImageArray, augment: Augmentation, options: Partial<LoadOptions> = {}) {
  const all = { batch: 50, shuffle: false, worker: false, ...asBytes, augment, ...options }
  const batches = await collect(loadBatches(source, all))
  return batches.flatMap(({ images, labels }) => {
    const bytes = images.length / labels.length
    return Array.from(labels, (_, i) => Uint8Array.from(images.subarray(i * bytes, (i + 1) * bytes), Math.round))
  })
}

/** Counts how often each name occurs. */
function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** The part of an image of {@link coordinates} in a window, mirrored if `flip` is true. */
function windowOf(width: number, height: number, left: number, top: number, flip: boolean): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [y, x] = [Math.floor(i / 3 / width) + top, Math.floor(i / 3) % width]
    const column = (flip ? width - 1 - x : x) + left
    if (column < 0 || column >= width || y < 0 || y >= height) return 0
    return [column + 1, y + 1, 200][i % 3]
  })
}

describe('padAndCrop and flip', () => {
  test.each<[string, Augmentation, number, boolean[], number, number]>([
    ['nothing', {}, 0, [false], 100, 100],
    ['flip', { flip: true }, 0, [false, true], 860, 1140],
    ['padAndCrop by 1', { padAndCrop: 1 }, 1, [false], 150, 300],
    ['padAndCrop by 2, and flip', { padAndCrop: 2, flip: true }, 2, [false, true], 15, 75],
    ['padAndCrop by more than the image', { padAndCrop: 5 }, 5, [false], 1, 60],
  ])('%s: every position is equally likely', async (_, augment, padding, flips, least, most) => {
    const [width, height] = [5, 4]
    const names = new Map<string, string>()
    const places = Array.from({ length: 2 * padding + 1 }, (_, i) => i - padding)
    for (const left of places) {
      for (const top of places) {
        for (const flip of flips) names.set(windowOf(width, height, left, top, flip).join(), `${left} ${top} ${flip}`)
      }
    }
    const count = least === most ? least : 2000
    const images = await augmented(coordinates(count, width, height), augment)
    const counts = tally(images.map(image => names.get(image.join()) ?? 'unknown'))
    // Windows outside the image are all black, so they share one name.
    counts.delete(names.get(new Uint8Array(width * height * 3).join()) ?? '')
    expect(counts.get('unknown')).toBeUndefined()
    for (const [name, times] of counts) expect([name, times >= least && times <= most]).toEqual([name, true])
    if (padding < 4) expect(counts.size).toBe(names.size)
  })

  test('black borders are normalised', async () => {
    const source = coordinates(200, 3, 3)
    const normalization = { mean: [0.5, 0.25, 0.125], std: [0.5, 0.5, 0.25] } as const
    const options = { batch: 200, shuffle: false, worker: false, ...normalization, augment: { padAndCrop: 3 } }
    const [{ images }] = await collect(loadBatches(source, options))
    const black = Array.from({ length: 200 }, (_, i) => images.subarray(i * 27, (i + 1) * 27)).filter(image =>
      image.every((value, i) => value === [-1, -0.5, -0.5][i % 3]),
    )
    // 24 of the 49 windows are outside the image.
    expect(Math.abs(black.length - (200 * 24) / 49)).toBeLessThan(30)
  })
})

describe('cutout', () => {
  test.each([
    { side: 1, width: 5, height: 3 },
    { side: 2, width: 5, height: 3 },
    { side: 3, width: 5, height: 3 },
    { side: 20, width: 5, height: 3 },
  ])('of $side pixels covers a square at any position with the mean', async ({ side, width, height }) => {
    const source = coordinates(3000, width, height)
    const expected = new Map<string, number>()
    for (let middleX = 0; middleX < width; middleX++) {
      for (let middleY = 0; middleY < height; middleY++) {
        const [left, top] = [middleX - Math.floor(side / 2), middleY - Math.floor(side / 2)]
        const covered = windowOf(width, height, 0, 0, false).map((value, i) => {
          const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
          return x >= left && x < left + side && y >= top && y < top + side ? 0 : value
        })
        const name = covered.join()
        expected.set(name, (expected.get(name) ?? 0) + 1 / (width * height))
      }
    }
    const counts = tally((await augmented(source, { cutout: side })).map(image => image.join()))
    expect([...counts.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [name, share] of expected) expect(Math.abs((counts.get(name) ?? 0) - share * 3000)).toBeLessThan(80)
  })

  test('is zero after normalisation', async () => {
    const options = {
      batch: 4,
      worker: false,
      mean: [0.5, 0.4, 0.3],
      std: [0.5, 0.4, 0.3],
      augment: { cutout: 100 },
    } as const
    const [{ images }] = await collect(loadBatches(coordinates(4, 3, 3), options))
    expect(new Set(images)).toEqual(new Set([0]))
  })
})

describe('randomResizedCrop', () => {
  /**
   * The box of each crop. A crop as large as the image, resized by 'nearest', contains every column and row of its box.
   */
  async function boxes(
    width: number,
    height: number,
    count: number,
    randomResizedCrop: Augmentation['randomResizedCrop'],
  ) {
    const options = { crop: Math.max(width, height), filter: 'nearest', batch: 20, dropLast: false } as const
    const images = await augmented(coordinates(count, width, height), { randomResizedCrop }, options)
    return images.map(image => {
      const seen = [new Set<number>(), new Set<number>(), new Set<number>()]
      for (const [i, value] of image.entries()) seen[i % 3].add(value)
      const [left, top] = [Math.min(...seen[0]) - 1, Math.min(...seen[1]) - 1]
      return { left, top, width: Math.max(...seen[0]) - left, height: Math.max(...seen[1]) - top }
    })
  }
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length

  test('draws areas, proportions and positions from their distributions', async () => {
    const [width, height] = [60, 48]
    const found = await boxes(width, height, 1000, true)
    const areas = found.map(box => (box.width * box.height) / (width * height))
    const logs = found.map(box => Math.log(box.width / box.height))
    expect(Math.min(...areas)).toBeGreaterThan(0.07)
    expect(Math.max(...areas)).toBeLessThanOrEqual(1)
    // Every box with an area of up to 0.6 fits, so areas are uniform there.
    const below = (limit: number) => areas.filter(area => area < limit).length
    expect(Math.abs(below(0.34) / below(0.6) - 0.5)).toBeLessThan(0.07)
    expect(Math.min(...logs)).toBeGreaterThan(Math.log(3 / 4) - 0.08)
    expect(Math.max(...logs)).toBeLessThan(Math.log(4 / 3) + 0.08)
    const small = logs.filter((_, i) => areas[i] < 0.6)
    expect(Math.abs(mean(small))).toBeLessThan(0.03)
    // The variance of a uniform distribution over a range of 2 log(4 / 3).
    expect(Math.abs(mean(small.map(x => x * x)) - Math.log(4 / 3) ** 2 / 3)).toBeLessThan(0.005)
    for (const [start, side, total] of [
      ['left', 'width', width],
      ['top', 'height', height],
    ] as const) {
      expect(found.every(box => box[start] >= 0 && box[start] + box[side] <= total)).toBe(true)
      const free = found.filter(box => total - box[side] > 10)
      expect(Math.abs(mean(free.map(box => box[start] / (total - box[side]))) - 0.5)).toBeLessThan(0.05)
    }
  })

  test.each<[string, number, number, Augmentation['randomResizedCrop'], object]>([
    ['the whole image', 12, 12, { scale: [1, 1], ratio: [1, 1] }, { left: 0, top: 0, width: 12, height: 12 }],
    ['a quarter', 12, 12, { scale: [0.25, 0.25], ratio: [1, 1] }, { width: 6, height: 6 }],
    ['a wide part', 20, 20, { scale: [0.25, 0.25], ratio: [4, 4] }, { width: 20, height: 5, left: 0 }],
    // As torchvision's fallback: Python rounds 2.5 to 2.
    [
      'the middle of too tall an image',
      10,
      30,
      { scale: [1, 1], ratio: [4, 4] },
      { left: 0, top: 14, width: 10, height: 2 },
    ],
    [
      'the middle of too wide an image',
      31,
      10,
      { scale: [1, 1], ratio: [0.5, 1.5] },
      { left: 8, top: 0, width: 15, height: 10 },
    ],
    ['the whole image if its proportions fit', 10, 9, { scale: [2, 3] }, { left: 0, top: 0, width: 10, height: 9 }],
    ['one pixel', 40, 1, { scale: [1, 1], ratio: [0.01, 0.02] }, { left: 19, top: 0, width: 1, height: 1 }],
  ])('takes %s', async (_, width, height, randomResizedCrop, expected) => {
    for (const box of await boxes(width, height, 12, randomResizedCrop)) expect(box).toMatchObject(expected)
  })

  test('resizes as resize does', async () => {
    const source = coordinates(1, 40, 40)
    const whole = { randomResizedCrop: { scale: [1, 1], ratio: [1, 1] } } as const
    const [random] = await augmented(source, whole, { crop: 17, filter: 'bicubic' })
    const [middle] = await augmented(source, {}, { crop: 17, filter: 'bicubic' })
    expect(random).toEqual(middle)
    expect(random[0]).toBe(2)
  })
})

describe('mixup and cutmix', () => {
  const side = 6
  const bytes = side * side * 3
  /** Two dark images and three light ones. */
  const source: ImageArray = {
    length: 5,
    width: side,
    height: side,
    classes: ['dark', 'light'],
    labels: [0, 0, 1, 1, 1],
    images: Uint8Array.from({ length: 5 * bytes }, (_, i) => (i < 2 * bytes ? 0 : 200)),
  }
  const batches = (augment: Augmentation, to: number, indices = [0, 1, 2, 3]) => {
    const options = { batch: indices.length, indices, shuffle: false, worker: false, to, ...asBytes, augment }
    return collect(loadBatches(source, options))
  }
  const parts = (values: Float32Array, size: number) =>
    Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size))
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length

  test.each([0.1, 0.2, 1, 8])('mixup of alpha %d blends images and targets by Beta(alpha, alpha)', async alpha => {
    const shares: number[] = []
    for (const { images, targets } of await batches({ mixup: alpha }, 1000)) {
      const kept = targets[0]
      shares.push(kept)
      const wanted = [kept, 1 - kept, kept, 1 - kept, 1 - kept, kept, 1 - kept, kept]
      expect([...targets].every((target, i) => Math.abs(target - wanted[i]) < 1e-6)).toBe(true)
      const blended = parts(images, bytes).every((image, i) =>
        image.every(value => Math.abs(value - 200 * wanted[i * 2 + 1]) < 1e-3),
      )
      expect(blended).toBe(true)
    }
    const average = mean(shares)
    expect(Math.abs(average - 0.5)).toBeLessThan(0.06)
    const variance = mean(shares.map(x => (x - average) ** 2))
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.15)
    if (alpha !== 1) return
    for (const limit of [0.1, 0.25, 0.5, 0.9]) {
      expect(Math.abs(mean(shares.map(x => (x < limit ? 1 : 0))) - limit)).toBeLessThan(0.06)
    }
  })

  test('cutmix pastes a rectangle of the other image and counts its area', async () => {
    const shares: number[] = []
    for (const { images, targets } of await batches({ cutmix: 1 }, 500)) {
      const [first, second, third, fourth] = parts(images, bytes)
      expect([second, fourth]).toEqual([first, third])
      const light = Math.max(...first, ...third)
      expect(third).toEqual(first.map(value => light - value))
      const pasted = [...first.keys()].filter(i => first[i] === light)
      const extent = (places: number[]) => (places.length === 0 ? 0 : Math.max(...places) - Math.min(...places) + 1)
      const columns = extent(pasted.map(i => Math.floor(i / 3) % side))
      const rows = extent(pasted.map(i => Math.floor(i / 3 / side)))
      expect(pasted).toHaveLength(columns * rows * 3)
      const share = (columns * rows) / side ** 2
      const wanted = [1 - share, share, 1 - share, share, share, 1 - share, share, 1 - share]
      expect([...targets].every((target, i) => Math.abs(target - wanted[i]) < 1e-6)).toBe(true)
      shares.push(share)
    }
    expect(Math.max(...shares)).toBeGreaterThan(0.6)
    expect(Math.min(...shares)).toBe(0)
    // The rectangle has half of the area on average, but a part of it is beyond the image.
    expect(Math.abs(mean(shares) - 0.25)).toBeLessThan(0.07)
  })

  test('each batch gets one of the two if both are given', async () => {
    const blended = (await batches({ mixup: 1, cutmix: 1 }, 400)).filter(({ images }) =>
      images.some(value => value > 0.1 && value < 199),
    )
    expect(Math.abs(blended.length - 200)).toBeLessThan(50)
  })

  test('the middle image of an odd number stays, and labels do not change', async () => {
    const [{ images, targets, labels }] = await batches({ mixup: 1 }, 1, [0, 1, 2, 3, 4])
    expect([...labels]).toEqual([0, 0, 1, 1, 1])
    expect(images.subarray(2 * bytes, 3 * bytes).every(value => Math.abs(value - 200) < 1e-3)).toBe(true)
    expect(targets.subarray(4, 6)).toEqual(Float32Array.of(0, 1))
  })
})
