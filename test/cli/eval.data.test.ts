import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { objectsIn, type Run, residual, root } from './residual.ts'

/** The folder with CIFAR-10 and other people's weights; without it these tests fail. */
const data = process.env.RESIDUAL_DATA ?? `${root}../shared/data`
const cifar10 = `${data}/cifar10/cifar-10-binary.tar.gz`

/** The accuracy on the embedded model's card, in percent. */
const card = readFileSync(`${root}packages/resnet/models/cifar10-resnet20/README.md`, 'utf8')
const stated = Number(/\| Accuracy +\| ([\d.]+) %/.exec(card)?.[1])

/** Node 20 needs this flag for relaxed SIMD; later versions do not know the flag. */
const node = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []

const evaluate = async (...options: string[]): Promise<Record<string, unknown>> => {
  const run: Run = await residual(['eval', '--data', cifar10, '--json', ...options], { node })
  expect(run).toMatchObject({ status: 0, stderr: '' })
  return objectsIn(run)[0]
}

describe.each(['simd128', 'relaxed'])('on %s', build => {
  test.each(['1', '2'])('a ResNet-20 from PyTorch has its published accuracy, threads: %s', async threads => {
    const model = ['--model', `${data}/weights/resnet20-12fca82f.th`]
    const normalisation = ['--mean', '.485,.456,.406', '--std', '.229,.224,.225']
    const result = await evaluate(...model, ...normalisation, '--build', build, '--threads', threads)
    expect(result).toMatchObject({ model: 'resnet20-12fca82f', images: 10_000, top1: 0.9173 })
  })

  test('the embedded model has the accuracy that its card states', async () => {
    const { images, top1, top5 } = await evaluate('--build', build)
    console.log(`cifar10-resnet20 on ${build}: top1 ${top1}, top5 ${top5}`)
    expect(images).toBe(10_000)
    expect(100 * Number(top1)).toBeCloseTo(stated, 6)
  })
})

test('the training split is read from the same file', async () => {
  const { images, top1 } = await evaluate('--split', 'train', '--limit', '1000')
  expect(images).toBe(1000)
  expect(top1).toBeGreaterThan(0.9)
})
