import { readFileSync } from 'node:fs'
import { FormatError, toFloat32 } from '@residual/core'
import { expect, test } from 'vitest'
import { mutate, randomBelow } from '../../../../test/mutants/bytes.ts'
import { readWeights } from '../../src/weights/index.ts'

const names = ['training', 'dtypes', 'strided', 'old', 'protocol4']

test.each([
  ['.th', 1],
  ['.pth', 2],
])('200 damaged %s files are refused with a FormatError or load with consistent shapes', (suffix, seed) => {
  const files = names
    .filter(name => name !== 'old' || suffix === '.th')
    .map(name => new Uint8Array(readFileSync(new URL(`goldens/${name}${suffix}`, import.meta.url))))
  const below = randomBelow(seed)
  let loaded = 0
  for (let run = 0; run < 200; run++) {
    const file = files[run % files.length]
    const changed = mutate(file, [0, file.length], below)
    const before = process.memoryUsage().arrayBuffers
    try {
      for (const tensor of readWeights(changed).values()) {
        expect(toFloat32(tensor)).toHaveLength(tensor.shape.reduce((a, b) => a * b, 1))
      }
      loaded++
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError)
      expect((error as Error).message).toMatch(/^.{1,500}$/)
    }
    // Elements of one byte become floats of four bytes.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * file.length)
  }
  // A file still loads if elements, padding or parts that weights do not need have changed.
  expect(loaded).toBeGreaterThan(20)
  expect(loaded).toBeLessThan(180)
})
