import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toFloat32, type Weight, writeSafetensors } from '@residual/core'
import { loadModel, type Model, readWeights } from '@residual/resnet'
import { preprocess, type RgbImage } from '@residual/vision'
import {
  torchLegacy as writeTorchLegacy,
  torchZip as writeTorchZip,
} from '../../../packages/resnet/test/weights/torch-builder.ts'
import { buildZip, type ZipEntry } from '../../../packages/resnet/test/weights/zip-builder.ts'
import { type Below, joined, mutate, oneOf } from '../bytes.ts'
import { mutateJson } from '../json.ts'
import { mutateTensors } from '../tensors.ts'
import type { Kind } from './kind.ts'

const SIDE = 8
const images = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => Math.sin(i))
const image: RgbImage = { width: 12, height: 10, data: Uint8Array.from({ length: 360 }, (_, i) => (i * 37) & 255) }

/** The largest crop at which an image is classified; larger ones are allowed to take much memory. */
const LARGEST_SIDE = 64

async function useModel(model: Model): Promise<void> {
  try {
    await model.logits(images, 1)
    if (model.preprocessing.crop <= LARGEST_SIDE) await model.classify(image)
    else preprocess(image, model.preprocessing)
  } finally {
    model[Symbol.dispose]()
  }
}

async function useWeights(file: Uint8Array): Promise<void> {
  for (const tensor of readWeights(file).values()) {
    const values = toFloat32(tensor)
    const count = tensor.shape.reduce((a, b) => a * b, 1)
    if (values.length !== count) throw new Error(`${values.length} values of a tensor of ${count}`)
  }
  await useModel(await loadModel(file, { threads: 1 }))
}

/** Loads it from a folder, where tensors are read when they are needed. */
async function useFile(file: Uint8Array, scratch: string): Promise<void> {
  const path = join(scratch, 'mutant.safetensors')
  await writeFile(path, file)
  await useModel(await loadModel(path, { threads: 1 }))
}

export const safetensors: Kind = {
  name: 'safetensors',
  change(file, below) {
    const tensors = changedTensors(file, below)
    if (tensors) return writeSafetensors(tensors)
    const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true)
    const header = new TextEncoder().encode(mutateJson(new TextDecoder().decode(file.subarray(8, 8 + length)), below))
    const start = new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer)
    return joined(start, header, file.subarray(8 + length))
  },
  use: (file, below, scratch) => (below(2) === 0 ? useWeights(file) : useFile(file, scratch)),
}

/** Opcodes of pickles, and a few bytes that are not opcodes. */
const OPCODES = [
  ...'.0]})(aestuRbQNKJMGXUcqrhj12',
  '\x81',
  '\x85',
  '\x86',
  '\x87',
  '\x88',
  '\x8a',
  '\x8c',
  '\x93',
  '\xff',
]

function mutatePickle(file: Uint8Array, below: Below): Uint8Array {
  const at = below(file.length)
  const opcodes = (count: number) => Uint8Array.from({ length: count }, () => oneOf(OPCODES, below).charCodeAt(0))
  switch (below(4)) {
    case 0:
      return joined(file.subarray(0, at), opcodes(1), file.subarray(at + 1))
    case 1:
      return joined(file.subarray(0, at), opcodes(1 + below(8)), file.subarray(at))
    case 2: {
      const depth = oneOf([1, 10, 1000, 9000, 20_000], below)
      const [begin, end] = oneOf<readonly [string, string]>(
        [
          ['}U\x05model', 's'],
          [']', 'a'],
          ['}U\x03net', 's'],
        ],
        below,
      )
      const bytes = (text: string) => Uint8Array.from(text.repeat(depth), character => character.charCodeAt(0))
      return joined(file.subarray(0, 2), bytes(begin), file.subarray(2, -1), bytes(end), file.subarray(-1))
    }
    default:
      return mutate(file, [0, file.length], below)
  }
}

const DIRECTORY_ENTRY = 0x02014b50
const END_BYTES = 22

/** The entries of an undamaged zip archive without a comment, according to its directory. */
function entriesOf(zip: Uint8Array): ZipEntry[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const entries: ZipEntry[] = []
  for (let at = view.getUint32(zip.length - END_BYTES + 16, true); view.getUint32(at, true) === DIRECTORY_ENTRY; ) {
    const [nameLength, extra] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)]
    const local = view.getUint32(at + 42, true)
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    const data = zip.subarray(start, start + view.getUint32(at + 20, true))
    at += 46 + nameLength
    entries.push({ name: new TextDecoder().decode(zip.subarray(at - nameLength, at)), data })
    at += extra
  }
  return entries
}

/** The changed tensors of an undamaged file; undefined if `torch-builder.ts` cannot write them. */
function changedTensors(file: Uint8Array, below: Below): Map<string, Weight<Uint8Array>> | undefined {
  const tensors = below(2) === 0 ? readWeights(file) : undefined
  return tensors?.has('fc.bias') ? mutateTensors(tensors, below) : undefined
}

export const torchZip: Kind = {
  name: 'zip .pth',
  change(file, below) {
    const tensors = changedTensors(file, below)
    if (tensors) return writeTorchZip(tensors)
    const changed = entriesOf(file).map(entry =>
      entry.name.endsWith('data.pkl') ? { ...entry, data: mutatePickle(entry.data, below) } : entry,
    )
    if (below(4) === 0) changed.splice(below(changed.length), 1, ...changed.slice(0, below(3)))
    return buildZip(changed, below(4) === 0)
  },
  use: useWeights,
}

/**
 * The pickles of a legacy file; the last part also has the storages after it. Each begins where the previous one ends.
 */
function picklesOf(file: Uint8Array): Uint8Array[] {
  const starts = [0]
  for (let at = 1; at < Math.min(file.length, 20_000) && starts.length < 5; at++) {
    if (file[at - 1] === 0x2e && file[at] === 0x80 && file[at + 1] >= 2 && file[at + 1] <= 4) starts.push(at)
  }
  return starts.map((start, i) => file.subarray(start, starts[i + 1]))
}

export const torchLegacy: Kind = {
  name: 'legacy .pth',
  change(file, below) {
    const tensors = changedTensors(file, below)
    if (tensors) return writeTorchLegacy(tensors)
    const pickles = picklesOf(file)
    // The fourth is the object.
    const changed = below(4) > 0 ? Math.min(3, pickles.length - 1) : below(pickles.length)
    return joined(...pickles.map((pickle, i) => (i === changed ? mutatePickle(pickle, below) : pickle)))
  },
  use: useWeights,
}

/** A file of a model directory whose weights are undamaged. */
const modelFile = (name: string): Kind => ({
  name,
  change: (file, below) => new TextEncoder().encode(mutateJson(new TextDecoder().decode(file), below)),
  async use(file, _, scratch) {
    const path = join(scratch, name)
    await writeFile(join(path, name), file)
    await useModel(await loadModel(path, { threads: 1 }))
  },
})

export const config = modelFile('config.json')
export const preprocessorConfig = modelFile('preprocessor_config.json')
