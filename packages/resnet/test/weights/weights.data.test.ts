import { readFileSync } from 'node:fs'
import { FormatError, toFloat32, type Weight, writeSafetensors } from '@residual/core'
import { describe, expect, test } from 'vitest'
import { mutate, randomBelow } from '../../../../test/mutants/bytes.ts'
import { readWeights } from '../../src/weights/index.ts'

const data = process.env.RESIDUAL_DATA ?? new URL('../../../../../shared/data', import.meta.url).pathname
const read = (name: string) => new Uint8Array(readFileSync(`${data}/weights/${name}`))

/** The sums of all values and of their squares, in double precision. */
function sums(tensors: Map<string, Weight<Uint8Array>>): [values: number, squares: number] {
  let [sum, squares] = [0, 0]
  for (const tensor of tensors.values()) {
    for (const value of toFloat32(tensor)) {
      sum += value
      squares += value * value
    }
  }
  return [sum, squares]
}

describe('readWeights', () => {
  test.each([
    // Sums in float64 of the tensors that torch.load and the safetensors package load.
    ['resnet20-12fca82f.th', 97, [139.7826495598208, 10987.817166808309]],
    ['resnet20-bootstrap.safetensors', 97, [1601.832089434516, 30150.371343977564]],
  ])('%s', (file, count, expected) => {
    const tensors = readWeights(read(file))
    expect(tensors.size).toBe(count)
    expect(tensors.get('conv1.weight')!.shape).toEqual([16, 3, 3, 3])
    expect(tensors.get('layer3.0.conv1.weight')!.shape).toEqual([64, 32, 3, 3])
    expect(tensors.get('fc.weight')!.shape).toEqual([10, 64])
    expect(tensors.get('fc.bias')!.shape).toEqual([10])
    const found = sums(tensors)
    for (const i of [0, 1]) expect(Math.abs(found[i] / expected[i] - 1)).toBeLessThan(1e-10)
  })

  test('reads the weights that writeSafetensors wrote', () => {
    const written = writeSafetensors(readWeights(read('resnet20-12fca82f.th')))
    expect(Buffer.compare(writeSafetensors(readWeights(written)), written)).toBe(0)
  })

  test.each(['resnet20-12fca82f.th', 'resnet20-bootstrap.safetensors'])(
    'refuses 200 damaged copies of %s with a FormatError or loads them, in at most twice the memory of the file',
    name => {
      const file = read(name)
      const below = randomBelow(3)
      const memory = () => {
        const { arrayBuffers, heapUsed } = process.memoryUsage()
        return arrayBuffers + heapUsed
      }
      for (let run = 0; run < 200; run++) {
        // The pickles of the .th file are its first 20 kB; the header of the safetensors file is its first 8 kB.
        const changed = mutate(file, [0, run % 4 === 0 ? file.length : 20_000], below)
        const before = memory()
        try {
          const arrays = [...readWeights(changed).values()].map(toFloat32)
          expect(arrays.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
          expect((error as Error).message).toMatch(/^.{1,500}$/)
        }
        expect(memory() - before).toBeLessThan(2 * file.length)
      }
    },
  )
})
