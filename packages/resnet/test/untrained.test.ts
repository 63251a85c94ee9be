import { describe, expect, test } from 'vitest'
import { architecture } from '../src/architectures.ts'
import { untrainedModel } from '../src/untrained.ts'

describe('an untrained model', () => {
  test.each(['resnet8', 'plain8', 'resnet110', 'resnet20_b_v2'])(
    '%s gives finite logits, the same each time',
    async name => {
      const images = Float32Array.from({ length: 16 * 16 * 3 }, (_, i) => Math.sin(i))
      using first = untrainedModel(architecture(name))
      using second = untrainedModel(architecture(name))
      const logits = await first.logits(images, 1)
      expect(logits).toHaveLength(10)
      expect(new Set(logits).size).toBe(10)
      expect(await second.logits(images, 1)).toEqual(logits)
    },
  )

  test('reports what it runs on after it is prepared', async () => {
    using model = untrainedModel(architecture('resnet8'), { build: 'simd128', threads: 2 })
    const { build, threads, memory } = await model.prepare(2)
    expect({ build, threads }).toEqual({ build: 'simd128', threads: 2 })
    expect(memory.weights).toBeGreaterThan(4 * 78_042)
  })
})
