import { gunzipSync, gzipSync } from 'node:zlib'
import { batchOf, loadBatches, openCifar } from '@residual/vision'
import { type Below, joined, mutate, oneOf } from '../bytes.ts'
import type { Kind } from './kind.ts'

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const

async function useCifar(file: Uint8Array<ArrayBuffer>, below: Below, name: string): Promise<void> {
  const split = below(8) === 0 ? 'train' : 'test'
  const dataset = await openCifar(new File([file], name), { split })
  batchOf(dataset, 0, Math.min(2, dataset.length), normalization)
  for await (const _ of loadBatches(dataset, { ...normalization, batch: 1, to: 1, worker: false }));
}

const BLOCK = 512
const FIELDS: readonly [at: number, values: readonly string[]][] = [
  [0, ['', '/', '../test_batch.bin', 'test.bin', 'x'.repeat(100), 'a/\u001b[2J/test_batch.bin']],
  [
    124,
    [
      '00000000000',
      '77777777777',
      '00000000001',
      '00000006001',
      '-0000000001',
      '           ',
      '\x80\0\0\0\0\0\0\x01\0\0\0',
    ],
  ],
  [156, ['0', '\0', '5', 'L', 'x', 'g', '2']],
]

/** Changes a field of a header in an archive, and corrects the checksum. */
function mutateTar(tar: Uint8Array, below: Below): Uint8Array {
  const changed = tar.slice()
  const headers = Array.from({ length: Math.floor(tar.length / BLOCK) }, (_, i) => i * BLOCK).filter(
    at => String.fromCharCode(...tar.subarray(at + 257, at + 262)) === 'ustar',
  )
  const at = oneOf(headers, below)
  const [field, values] = oneOf(FIELDS, below)
  changed.set(new TextEncoder().encode(oneOf(values, below)).subarray(0, field === 0 ? 100 : 12), at + field)
  changed.fill(0x20, at + 148, at + 156)
  const sum = changed.subarray(at, at + BLOCK).reduce((total, byte) => total + byte, 0)
  changed.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), at + 148)
  return changed
}

export const archive: Kind = {
  name: 'CIFAR .tar.gz',
  change(file, below, other) {
    const tar = gunzipSync(file)
    if (below(16) === 0) return joined(file, gzipSync(new Uint8Array(2 ** (10 + below(14)))))
    const changed = below(2) === 0 ? mutateTar(tar, below) : mutate(tar, [0, tar.length], below, gunzipSync(other))
    return gzipSync(changed, { level: 1 })
  },
  use: (file, below) => useCifar(file.slice(), below, 'cifar.tar.gz'),
}

export const binary: Kind = {
  name: 'CIFAR .bin',
  use: (file, below) => useCifar(file.slice(), below, oneOf(['x', 'x', 'test_batch.bin', 'data_batch_1.bin'], below)),
}
