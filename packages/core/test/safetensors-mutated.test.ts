import { expect, test } from 'vitest'
import { randomBelow } from '../../../test/mutants/bytes.ts'
import { FormatError } from '../src/errors.ts'
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../src/index.ts'

function mutate(file: Uint8Array, below: (limit: number) => number): Uint8Array {
  const changed = file.slice()
  const headerEnd = 8 + new DataView(file.buffer).getUint32(0, true)
  switch (below(4)) {
    case 0: // Any byte of the length or the header.
      changed[below(headerEnd)] = below(256)
      return changed
    case 1: // A digit, so that the header mostly stays valid JSON.
      for (let at = below(headerEnd), n = 0; n < headerEnd; n++, at = (at + 1) % headerEnd) {
        if (at >= 8 && changed[at] >= 0x30 && changed[at] <= 0x39) {
          changed[at] = 0x30 + below(10)
          break
        }
      }
      return changed
    case 2: // A part repeated over another.
      changed.copyWithin(below(file.length), below(file.length), file.length - below(file.length))
      return changed
    default:
      return changed.subarray(0, below(file.length))
  }
}

test('readSafetensors answers 200 mutated files with a FormatError or views of the file', () => {
  const below = randomBelow(1)
  const names = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'fc.weight', 'fc.bias']
  const tensors = names.map((name, i) => {
    const values = Float32Array.from({ length: 4 * (i + 2) }, (_, k) => k - i)
    return [name, fromFloat32(values, [i + 2, 4], i % 2 ? 'F16' : 'F32')] as const
  })
  const file = writeSafetensors(new Map(tensors), { metadata: { format: 'pt' } })
  let loaded = 0
  for (let run = 0; run < 200; run++) {
    const changed = mutate(file, below)
    try {
      for (const tensor of readSafetensors(changed).tensors.values()) {
        expect(tensor.bytes.buffer).toBe(changed.buffer)
        expect(toFloat32(tensor)).toHaveLength(tensor.shape.reduce((a, b) => a * b, 1))
      }
      loaded++
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError)
      expect((error as Error).message).toMatch(/^.{1,300}$/)
    }
  }
  // Some mutations only hit padding, names or data; the others must be detected.
  expect(loaded).toBeGreaterThan(5)
  expect(loaded).toBeLessThan(100)
})
