import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Records of CIFAR-10's binary version: a label, then a noisy image whose colour shows the label. */
function records(count: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: count * 3073 }, (_, i) => {
    const [record, byte] = [Math.floor(i / 3073), i % 3073]
    const label = record % 3
    if (byte === 0) return label
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (Math.floor((byte - 1) / 1024) === label ? 150 : 60) + (state >>> 26)
  })
}

/** Makes a folder of CIFAR-10's binary version: `each` images in a file, five files to train on. @returns its path */
export async function writeCifar(folder: string, each = 9): Promise<string> {
  await mkdir(folder)
  for (let i = 1; i <= 5; i++) await writeFile(join(folder, `data_batch_${i}.bin`), records(each, i))
  await writeFile(join(folder, 'test_batch.bin'), records(each, 77))
  return folder
}
