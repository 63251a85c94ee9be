import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random, type RandomState, VisionError } from '../src/index.ts'

const numbers = (count: number, draw: () => number) => Array.from({ length: count }, draw)

describe('the numbers are fixed for', () => {
  test("the state 1 2 3 4, as in the authors' C code for xoshiro128**", () => {
    const random = Random.of([1, 2, 3, 4])
    expect(numbers(10, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })
  test.each([
    [0, [586136849, 1239343236, 961113431]],
    [1, [1405223774, 4204695429, 3030755295]],
    [-1, [4057652319, 934298110, 1125687164]],
    [2 ** 32, [3410217716, 3852705667, 913383166]],
    [Number.MAX_SAFE_INTEGER, [4061959342, 3474893868, 1235359404]],
  ])('seed %d', (seed, expected) => {
    const random = new Random(seed)
    expect(numbers(3, () => random.next())).toEqual(expected)
  })
  test.each<[(string | number)[], number[]]>([
    [[0], [408214680, 4026988278, 3779590774]],
    [
      [0, 0],
      [3835118939, 2727722276, 4285890644],
    ],
    [['a'], [1679132216, 4003468807, 2656195277]],
    [
      ['a', 'b'],
      [2843090912, 2418207966, 1866140550],
    ],
    [['ab'], [856589589, 1324993278, 613602155]],
  ])('seed 1 forked by %j', (keys, expected) => {
    const random = new Random(1).fork(...keys)
    expect(numbers(3, () => random.next())).toEqual(expected)
  })
  test('shuffles', () => {
    const shuffled = [4, 6, 8, 2, 1, 3, 5, 7, 0, 9]
    expect(new Random(0).shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual(shuffled)
    expect(new Random(0).shuffle(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))).toEqual(Uint8Array.from(shuffled))
    expect(new Random(1).shuffle(['only'])).toEqual(['only'])
    expect(new Random(1).shuffle([])).toEqual([])
  })
  test('normal and uniform numbers, to the last bit', () => {
    const random = new Random(5)
    const normal = [-0.21844528837241406, -1.3737125673915214, 0.8748662971664206, -0.02476252409161639]
    expect(numbers(4, () => random.normal())).toEqual(normal)
    expect(numbers(2, () => random.uniform())).toEqual([0.9531375297661201, 0.6076246448525201])
  })
})

describe('distributions', () => {
  test('below is uniform', () => {
    const random = new Random(1)
    const counts = new Array(7).fill(0)
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]++
    // 5 standard deviations.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(470)
  })
  test('below works up to 2^32', () => {
    const random = new Random(1)
    expect(numbers(100, () => random.below(1)).every(x => x === 0)).toBe(true)
    const large = numbers(100, () => random.below(2 ** 32))
    expect(Math.max(...large)).toBeGreaterThan(2 ** 32 * 0.9)
    // Just under half of all 32-bit numbers are rejected.
    const odd = numbers(1000, () => random.below(2 ** 31 + 1))
    expect(odd.every(x => Number.isInteger(x) && x >= 0 && x <= 2 ** 31)).toBe(true)
    expect(Math.abs(odd.filter(x => x < 2 ** 30).length - 500)).toBeLessThan(80)
  })
  test('uniform numbers are at least 0 and below 1', () => {
    const random = new Random(2)
    const drawn = numbers(20_000, () => random.uniform())
    expect(drawn.every(x => x >= 0 && x < 1)).toBe(true)
    expect(Math.abs(drawn.reduce((sum, x) => sum + x, 0) / drawn.length - 0.5)).toBeLessThan(0.011)
  })
  test('normal numbers have the moments and shares of a normal distribution', () => {
    const random = new Random(3)
    const count = 200_000
    const drawn = numbers(count, () => random.normal())
    const mean = (of: (x: number) => number) => drawn.reduce((sum, x) => sum + of(x), 0) / count
    expect(Math.abs(mean(x => x))).toBeLessThan(0.012)
    expect(Math.abs(mean(x => x * x) - 1)).toBeLessThan(0.016)
    expect(Math.abs(mean(x => x ** 4) - 3)).toBeLessThan(0.11)
    for (const [from, to, share] of [
      [0, 0.5, 0.19146],
      [0.5, 1, 0.14988],
      [1, 2, 0.13591],
      [2, 3, 0.0214],
      [-1, 0, 0.34134],
      [-3, -2, 0.0214],
    ]) {
      expect(Math.abs(mean(x => (x >= from && x < to ? 1 : 0)) - share)).toBeLessThan(0.006)
    }
  })
  test('a shuffle puts each element in each position equally often', () => {
    const random = new Random(4)
    const counts = new Array(25).fill(0)
    for (let i = 0; i < 10_000; i++) {
      for (const [place, element] of random.shuffle([0, 1, 2, 3, 4]).entries()) counts[place * 5 + element]++
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(220)
  })
})

describe('properties', () => {
  const seed = fc.maxSafeInteger()
  const key = fc.oneof(fc.maxSafeInteger(), fc.string())

  test('a restored state continues with the same numbers', () => {
    fc.assert(
      fc.property(seed, fc.nat(50), (seed, drawn) => {
        const random = new Random(seed)
        for (let i = 0; i < drawn; i++) random.next()
        const saved: RandomState = JSON.parse(JSON.stringify(random.state()))
        const restored = Random.of(saved)
        expect(numbers(5, () => restored.normal())).toEqual(numbers(5, () => random.normal()))
      }),
    )
  })
  test('a fork does not change its origin, and depends on the state of the origin', () => {
    fc.assert(
      fc.property(seed, fc.array(key, { maxLength: 3 }), (seed, keys) => {
        const random = new Random(seed)
        const before = random.state()
        const fork = random.fork(...keys).state()
        expect(random.state()).toEqual(before)
        expect(random.fork(...keys).state()).toEqual(fork)
        expect(fork).not.toEqual(before)
        random.next()
        expect(random.fork(...keys).state()).not.toEqual(fork)
      }),
    )
  })
  test('different keys give different numbers', () => {
    const keys = fc.array(key, { maxLength: 3 })
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const same = a.length === b.length && a.every((key, i) => Object.is(key, b[i]) || key === b[i])
        const states = [a, b].map(keys => new Random(0).fork(...keys).state())
        expect(states[0].join() === states[1].join()).toBe(same)
      }),
    )
  })
})

describe('errors', () => {
  const wholeSeed = 'as seed or key of random numbers, wanted a whole number up to 2^53'
  const state = 'got a random state that is not four whole numbers from 0 to 2^32 - 1, of which one is not 0'
  test.each<[string, () => unknown, string]>([
    ['a fraction as seed', () => new Random(0.5), `got 0.5 ${wholeSeed}`],
    ['NaN as seed', () => new Random(Number.NaN), `got NaN ${wholeSeed}`],
    ['too large a key', () => new Random(1).fork(2 ** 53), `got 9007199254740992 ${wholeSeed}`],
    ['below 0', () => new Random(1).below(0), 'got a random number below 0, wanted a whole number from 1 to 2^32'],
    [
      'below 2.5',
      () => new Random(1).below(2.5),
      'got a random number below 2.5, wanted a whole number from 1 to 2^32',
    ],
    [
      'below 2^33',
      () => new Random(1).below(2 ** 33),
      'got a random number below 8589934592, wanted a whole number from 1 to 2^32',
    ],
    ['a state of zeros', () => Random.of([0, 0, 0, 0]), state],
    ['a state of three words', () => Random.of([1, 2, 3] as unknown as RandomState), state],
    ['a state with a negative word', () => Random.of([1, 2, 3, -4]), state],
    ['a state with a fraction', () => Random.of([1, 2, 3, 4.5]), state],
    ['no state', () => Random.of(undefined as unknown as RandomState), state],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(new VisionError(message))
  })
})
