// Makes a trained network the embedded model: copies its weights in half precision, its configuration and its log.
//
//     pnpm --filter @residual/resnet embed-model my-resnet20
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '@residual/core'

const [trained] = process.argv.slice(2)
if (!trained) throw new Error('give the directory that residual train made')
const embedded = fileURLToPath(new URL('../models/cifar10-resnet20/', import.meta.url))

const { tensors } = readSafetensors(await readFile(join(trained, 'model.safetensors')))
const halves = Array.from(tensors, ([name, tensor]) => {
  const half = fromFloat32(toFloat32(tensor), tensor.shape, 'F16')
  if (!toFloat32(half).every(Number.isFinite)) throw new Error(`${name} does not fit into half precision`)
  return [name, half]
})
await writeFile(join(embedded, 'model.safetensors'), writeSafetensors(new Map(halves), { metadata: { format: 'pt' } }))
for (const file of ['config.json', 'preprocessor_config.json'])
  await copyFile(join(trained, file), join(embedded, file))
await copyFile(join(trained, 'log.jsonl'), join(embedded, 'training.jsonl'))
