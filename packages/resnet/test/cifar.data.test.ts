import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { batchOf, type CifarDataset, openCifar } from '@residual/vision'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluate } from '../src/evaluate.ts'
import { loadModel } from '../src/load.ts'

const data = process.env.RESIDUAL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const weights = (file: string) => `${data}/weights/${file}`

/** The mean and standard deviation with which the published network was trained. */
const published = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

const runtimes = [
  { threads: 1, build: 'simd128' },
  { threads: 1, build: 'auto' },
  { threads: 2, build: 'auto' },
] as const

let dataset: CifarDataset

beforeAll(async () => {
  if (!statSync(data, { throwIfNoEntry: false })) throw new Error(`${data} is missing: set RESIDUAL_DATA`)
  dataset = await openCifar(`${data}/cifar10/cifar-10-binary.tar.gz`, { split: 'test' })
})

describe('a published ResNet-20 that was trained in PyTorch', () => {
  test.each(runtimes)('has its published accuracy, 91.73 %, on $build with $threads thread(s)', async options => {
    using model = await loadModel(weights('resnet20-12fca82f.th'), { ...published, ...options })
    expect(model.architecture.name).toBe('resnet20')
    const { images, top1, top5, loss, confusion } = await evaluate(model, dataset)
    expect({ images, top1 }).toEqual({ images: 10_000, top1: 0.9173 })
    expect(top5).toBeGreaterThan(0.99)
    expect(loss).toBeCloseTo(0.37, 1)
    expect(confusion.reduce((sum, row, i) => sum + row[i], 0)).toBe(9173)
  })

  test.each(runtimes)('gives the logits of PyTorch on $build with $threads thread(s)', async options => {
    const golden: { logits_float64: number[][] } = JSON.parse(
      readFileSync(weights('resnet20-12fca82f.golden64.json'), 'utf8'),
    )
    using model = await loadModel(weights('resnet20-12fca82f.th'), { ...published, ...options })
    const logits = await model.logits(batchOf(dataset, 0, 64, model.preprocessing).images, 64)
    const errors = golden.logits_float64.flat().map((value, i) => Math.abs(value - logits[i]))
    expect(errors).toHaveLength(640)
    expect(Math.max(...errors)).toBeLessThan(1e-4)
  })
})

test('weights that were trained for this project in PyTorch have the same accuracy as in PyTorch', async () => {
  const [mean, std] = [[125.307, 122.95, 113.865] as const, [62.993, 62.089, 66.705] as const]
  const scaled = (values: readonly number[]) => values.map(value => value / 255) as [number, number, number]
  using model = await loadModel(weights('resnet20-bootstrap.safetensors'), { mean: scaled(mean), std: scaled(std) })
  expect((await evaluate(model, dataset)).top1).toBe(0.908)
})

test('the embedded model has the accuracy that its card states, overall and for each class', async () => {
  const card = readFileSync(new URL('../models/cifar10-resnet20/README.md', import.meta.url), 'utf8')
  const stated = (name: string) => Number(new RegExp(`\\| ${name} +\\| ([\\d.]+) %`).exec(card)?.[1])
  using model = await loadModel('cifar10-resnet20')
  const { top1, confusion } = await evaluate(model, dataset)
  expect(100 * top1).toBeCloseTo(stated('Accuracy'), 6)
  const own = confusion.map((row, i) => (100 * row[i]) / row.reduce((a, b) => a + b))
  expect(own.map(value => value.toFixed(1))).toEqual(model.labels.map(label => stated(label).toFixed(1)))
})
