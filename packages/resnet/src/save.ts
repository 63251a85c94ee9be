import { fromFloat32, writeSafetensors } from '@residual/core'
import { makeDirectory, replaceFiles, takeLock } from '#files'
import { modelConfigOf } from './config.ts'
import { CheckpointError } from './errors.ts'
import { fingerprinted } from './fingerprint.ts'
import type { Model } from './model.ts'
import { preprocessorConfigOf } from './preprocessing.ts'
import { shapesOf } from './weights/index.ts'

/** Milliseconds to wait for another save into the same directory, which takes only a few. */
const PATIENCE = 30_000

/**
 * Writes a model directory as on the Hugging Face hub, which `loadModel` can open: `config.json`,
 * `preprocessor_config.json` and `model.safetensors`. The weights have torchvision's names, so that PyTorch's
 * `load_state_dict` accepts them. `config.json` holds the whole row of the architecture, which therefore needs no name.
 *
 * Each file is replaced completely or not at all. The three files are replaced one right after the other, and
 * concurrent saves take turns. A fingerprint in all three shows `loadModel` which files belong together, so that it
 * never mixes two saves.
 * @throws CheckpointError if the directory or a file cannot be written.
 */
export async function saveModel(directory: string, model: Model): Promise<void> {
  const at = (file: string) => `${directory.replace(/(?<=.)\/+$/, '')}/${file}`
  const json = (value: object) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
  await makeDirectory(directory)
  const { configurations, metadata } = fingerprinted([
    modelConfigOf(model.architecture, model.labels),
    preprocessorConfigOf(model.preprocessing),
  ])
  const files = [
    [at('config.json'), json(configurations[0])],
    [at('preprocessor_config.json'), json(configurations[1])],
    [at('model.safetensors'), await weightsFile(model, metadata)],
  ] as const
  await replaceFiles(files, rename => whileLocked(at('.saving.lock'), rename))
}

async function whileLocked(path: string, work: () => Promise<void>): Promise<void> {
  const hint = `; if that process has ended, remove ${JSON.stringify(path)}`
  const refuse = (owner: string) =>
    new CheckpointError(`cannot write ${JSON.stringify(path)}: ${owner} is saving a model there${hint}`)
  const lock = await takeLock(path, { refuse, patience: PATIENCE })
  await work().finally(() => lock.release())
}

/** A model's weights as a safetensors file. */
async function weightsFile(model: Model, metadata: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const values = await model.readParameters()
  const weights = Array.from(
    shapesOf(model.architecture),
    ([name, shape]) => [name, fromFloat32(values.get(name)!, shape, 'F32')] as const,
  )
  return writeSafetensors(new Map(weights), { metadata: { format: 'pt', ...metadata } })
}
