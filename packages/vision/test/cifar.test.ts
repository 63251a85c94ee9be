import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchOf, type CifarDataset, cifar10Classes, cifar100Classes, openCifar, VisionError } from '../src/index.ts'
import { header, imageOf, records, tar, tarGz } from './archives.ts'

/** Five training files of two records each, and a test file of three; archives in this order are common. */
const cifar10 = {
  'cifar-10-batches-bin/': new Uint8Array(0),
  'cifar-10-batches-bin/data_batch_1.bin': records(2, 1, 0),
  'cifar-10-batches-bin/batches.meta.txt': new TextEncoder().encode('airplane\n'),
  'cifar-10-batches-bin/data_batch_3.bin': records(2, 1, 4),
  'cifar-10-batches-bin/data_batch_4.bin': records(2, 1, 6),
  'cifar-10-batches-bin/test_batch.bin': records(3, 1, 10),
  'cifar-10-batches-bin/data_batch_5.bin': records(2, 1, 8),
  'cifar-10-batches-bin/data_batch_2.bin': records(2, 1, 2),
}
const cifar100 = {
  'cifar-100-binary/train.bin': records(5, 2),
  'cifar-100-binary/test.bin': records(4, 2, 50),
}
const fileName = (member: string) => member.slice(member.indexOf('/') + 1)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'residual-'))
  for (const [name, members] of Object.entries({ cifar10, cifar100 })) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, `${name}.tar.gz`), tarGz(members))
    for (const [member, bytes] of Object.entries(members)) {
      if (bytes.length > 0) writeFileSync(join(folder, name, fileName(member)), bytes)
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const pixelsOf = (from: number, count: number) =>
  new Uint8Array(Buffer.concat(Array.from({ length: count }, (_, i) => imageOf(from + i).data)))

const side = { width: 32, height: 32 }
const datasets = {
  'CIFAR-10 test': {
    name: 'cifar10',
    classes: cifar10Classes,
    length: 3,
    ...side,
    labels: Uint8Array.of(0, 1, 2),
    images: pixelsOf(10, 3),
  },
  'CIFAR-10 train': {
    name: 'cifar10',
    classes: cifar10Classes,
    length: 10,
    ...side,
    labels: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    images: pixelsOf(0, 10),
  },
  'CIFAR-10 data_batch_2.bin': {
    name: 'cifar10',
    classes: cifar10Classes,
    length: 2,
    ...side,
    labels: Uint8Array.of(2, 3),
    images: pixelsOf(2, 2),
  },
  'CIFAR-100 test': {
    name: 'cifar100',
    classes: cifar100Classes,
    length: 4,
    ...side,
    labels: Uint8Array.of(50, 57, 64, 71),
    images: pixelsOf(50, 4),
  },
  'CIFAR-100 train': {
    name: 'cifar100',
    classes: cifar100Classes,
    length: 5,
    ...side,
    labels: Uint8Array.of(0, 7, 14, 21, 28),
    images: pixelsOf(0, 5),
  },
} satisfies Record<string, CifarDataset>

describe('openCifar reads', () => {
  test.each<[keyof typeof datasets, string, () => Parameters<typeof openCifar>[0]]>([
    ['CIFAR-10 test', 'archive', () => join(folder, 'cifar10.tar.gz')],
    ['CIFAR-10 train', 'archive', () => join(folder, 'cifar10.tar.gz')],
    ['CIFAR-10 test', 'folder', () => join(folder, 'cifar10')],
    ['CIFAR-10 train', 'folder', () => `${join(folder, 'cifar10')}/`],
    ['CIFAR-10 test', 'file', () => join(folder, 'cifar10/test_batch.bin')],
    ['CIFAR-10 data_batch_2.bin', 'file', () => join(folder, 'cifar10/data_batch_2.bin')],
    ['CIFAR-10 test', 'file of another name, as File', () => new File([records(3, 1, 10)], 'mine.bin')],
    ['CIFAR-10 train', 'archive in memory', () => tarGz(cifar10)],
    ['CIFAR-10 train', 'archive as Blob', () => new Blob([tarGz(cifar10)])],
    ['CIFAR-10 test', 'archive without its final blocks', () => gzip(tar(Object.entries(cifar10)).slice(0, -1024))],
    ['CIFAR-100 test', 'archive', () => join(folder, 'cifar100.tar.gz')],
    ['CIFAR-100 train', 'archive', () => join(folder, 'cifar100.tar.gz')],
    ['CIFAR-100 test', 'folder', () => join(folder, 'cifar100')],
    ['CIFAR-100 train', 'file', () => join(folder, 'cifar100/train.bin')],
    ['CIFAR-100 test', 'data URL', () => new URL(`data:;base64,${base64(tarGz(cifar100))}`)],
    ['CIFAR-100 test', 'data URL of a file', () => new URL(`data:;base64,${base64(records(4, 2, 50))}`)],
  ])('%s from an %s', async (expected, _, source) => {
    const split = expected.endsWith('test') ? 'test' : 'train'
    expect(await openCifar(source(), { split })).toEqual(datasets[expected])
  })
})

const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes, { level: 1 }))
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const changed = (bytes: Uint8Array<ArrayBuffer>, at: number, value: number) => {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

describe('openCifar reports', () => {
  const TEST = { split: 'test' } as const
  const train = { split: 'train' } as const
  const raw = (...parts: Uint8Array[]) => gzip(new Uint8Array(Buffer.concat(parts)))
  test.each<[string, () => Parameters<typeof openCifar>[0], { split: 'test' | 'train' }, string]>([
    ['no such file', () => '/nowhere', TEST, '/nowhere: no such file or folder'],
    ['an unknown split', () => '/nowhere', { split: 'val' as 'test' }, 'unknown split val (known: test, train)'],
    [
      'a folder of something else',
      () => join(folder, '.'),
      TEST,
      'FOLDER: holds neither test_batch.bin, nor test.bin; give the folder, .bin file or .tar.gz of a binary version',
    ],
    [
      'an archive of something else',
      () => tarGz({ 'readme.txt': new Uint8Array(3) }),
      train,
      'CIFAR data: holds neither data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, nor train.bin; give the folder, .bin file or .tar.gz of a binary version',
    ],
    [
      'missing members',
      () => tarGz({ 'data_batch_2.bin': records(1, 1), 'data_batch_4.bin': records(1, 1) }),
      train,
      'CIFAR data: lacks data_batch_1.bin, data_batch_3.bin, data_batch_5.bin; get it again',
    ],
    [
      'a repeated member',
      () =>
        gzip(
          tar([
            ['data_batch_1.bin', records(1, 1)],
            ['a/data_batch_1.bin', records(1, 1)],
          ]),
        ),
      train,
      'CIFAR data: data_batch_1.bin: the archive holds this file twice; get it again',
    ],
    [
      'members of different lengths',
      () => tarGz({ 'data_batch_1.bin': records(2, 1), 'data_batch_2.bin': records(1, 1) }),
      train,
      'CIFAR data: data_batch_2.bin: 1 records, but another file of the split has 2',
    ],
    [
      'half a record',
      () => tarGz({ 'test_batch.bin': records(2, 1).slice(0, 4000) }),
      TEST,
      'CIFAR data: test_batch.bin: 4000 bytes are not a whole number of records of 3073; get it again',
    ],
    [
      'no records',
      () => tarGz({ 'test.bin': new Uint8Array(0) }),
      TEST,
      'CIFAR data: test.bin: 0 bytes are not a whole number of records of 3074; get it again',
    ],
    [
      'too many records',
      () => raw(header('test_batch.bin', 50_001 * 3073)),
      TEST,
      'CIFAR data: test_batch.bin: 50001 records are more than the 50000 of the largest CIFAR file',
    ],
    [
      'a label out of range',
      () => tarGz({ 'test_batch.bin': changed(records(3, 1), 3073 * 2, 10) }),
      TEST,
      'CIFAR data: test_batch.bin: record 2 has label 10, wanted 0 to 9; get it again',
    ],
    [
      'a superclass out of range',
      () => new File([changed(records(3, 2), 3074, 20)], 'test.bin'),
      TEST,
      'test.bin: record 1 has label 20, wanted 0 to 19; get it again',
    ],
    [
      'a gzip stream cut short',
      () => tarGz(cifar10).slice(0, 2000),
      TEST,
      'CIFAR data: damaged or cut short; get it again',
    ],
    [
      'a damaged gzip stream',
      () => changed(tarGz(cifar10), 3, 0xff),
      TEST,
      'CIFAR data: damaged or cut short; get it again',
    ],
    [
      'an archive cut short in a member',
      () => gzip(tar([['test_batch.bin', records(2, 1)]]).slice(0, 512 + 3100)),
      TEST,
      'CIFAR data: cut short after 3612 bytes; get it again',
    ],
    [
      'an archive cut short in a member that is not needed',
      () => raw(header('readme.txt', 1000), new Uint8Array(10)),
      TEST,
      'CIFAR data: cut short after 522 bytes; get it again',
    ],
    [
      'an archive cut short in a header',
      () => raw(header('readme.txt', 0), header('test_batch.bin', 3073).slice(0, 100)),
      TEST,
      'CIFAR data: cut short after 612 bytes; get it again',
    ],
    [
      'no tar in the gzip stream',
      () => gzip(records(1, 1)),
      TEST,
      'CIFAR data: byte 0 of the unpacked archive is not the start of a tar header; get it again',
    ],
    [
      'a tar size that is not a number',
      () => raw(header('test_batch.bin', '\x80\xff\xff')),
      TEST,
      'CIFAR data: the tar header at byte 0 has no valid size; get it again',
    ],
    [
      'a file of the wrong size',
      () => new File([new Uint8Array(5000)], 'x.bin'),
      TEST,
      'x.bin: 5000 bytes are neither a .tar.gz nor a whole number of CIFAR records',
    ],
    [
      'an empty file',
      () => new Uint8Array(0),
      TEST,
      'CIFAR data: 0 bytes are neither a .tar.gz nor a whole number of CIFAR records',
    ],
    [
      'a file of the other split',
      () => join(folder, 'cifar10/data_batch_1.bin'),
      TEST,
      'FOLDER/cifar10/data_batch_1.bin: is of the train split; ask for split train',
    ],
  ])('%s', async (_, source, options, message) => {
    const error = await openCifar(source(), options).catch(error => error)
    expect(error).toBeInstanceOf(VisionError)
    expect(error.message).toBe(message.replace('FOLDER', folder))
  })

  test('an archive that unpacks without end', async () => {
    const zeros = new Uint8Array(1 << 20)
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: controller => {
        controller.enqueue(sent++ === 0 ? header('readme.txt', 0o77777777777) : zeros)
      },
    })
    const packed = await new Response(
      endless.pipeThrough(limited(1100)).pipeThrough(new CompressionStream('gzip') as unknown as TransformStream),
    ).arrayBuffer()
    await expect(openCifar(new Uint8Array(packed), TEST)).rejects.toThrow(
      'CIFAR data: holds more than 1073741824 bytes, so it is not a CIFAR archive',
    )
  })

  test('mutated archives with typed errors, or reads them', async () => {
    const plain = tar(Object.entries(cifar100))
    const bytes = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 4 })
    const headerBytes = fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(bytes, headerBytes, fc.nat(plain.length), fc.boolean(), async (...mutation) => {
        const [anywhere, inHeader, length, packed] = mutation
        const mutated = plain.slice(0, length)
        for (const [at, value] of [...anywhere, ...inHeader]) if (at < length) mutated[at] = value
        const result = await openCifar(packed ? gzip(mutated) : new Uint8Array(mutated), TEST).catch(error => error)
        if (result instanceof VisionError) expect(result.message).not.toContain('\n')
        else expect(result.images).toHaveLength(result.length * 3072)
      }),
      { numRuns: 200 },
    )
  })
})

/** Ends a stream after a number of chunks. */
function limited(chunks: number): TransformStream<Uint8Array, Uint8Array> {
  let passed = 0
  return new TransformStream({
    transform: (chunk, controller) => {
      controller.enqueue(chunk)
      if (++passed === chunks) controller.terminate()
    },
  })
}

describe('batchOf', () => {
  const dataset = datasets['CIFAR-10 train']
  const normalization = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] } as const

  test('normalises images', () => {
    const { images, labels } = batchOf(dataset, 3, 5, normalization)
    expect(labels).toEqual(Uint8Array.of(3, 4))
    const expected = [...pixelsOf(3, 2)].map(
      (value, i) => (value / 255 - normalization.mean[i % 3]) / normalization.std[i % 3],
    )
    expect(images).toHaveLength(expected.length)
    expect(images.every((value, i) => Math.abs(value - expected[i]) < 1e-6)).toBe(true)
  })
  test('may be empty', () => {
    const { images, labels } = batchOf(dataset, 10, 10, normalization)
    expect([images.length, labels.length]).toEqual([0, 0])
  })
  test.each([
    [-1, 2],
    [3, 2],
    [0, 11],
    [0, 1.5],
  ])('refuses the images %d to %d', (from, to) => {
    const call = () => batchOf(dataset, from, to, normalization)
    expect(call).toThrow(VisionError)
    expect(call).toThrow(`got images ${from} to ${to}, wanted a range within 0 to 10`)
  })
})

test('class names match the data sets', () => {
  expect([cifar10Classes.length, cifar100Classes.length]).toEqual([10, 100])
  expect([...cifar100Classes].sort()).toEqual(cifar100Classes)
  expect([cifar100Classes[0], cifar100Classes[33], cifar100Classes[99]]).toEqual(['apple', 'forest', 'worm'])
})
