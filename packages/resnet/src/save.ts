import { fromFloat32, graphOf, input, writeSafetensors } from '@residual/core'
import { modelConfigOf } from './config.ts'
import { makeDirectory, replaceFile } from './files.ts'
import type { Model } from './model.ts'
import { resnet } from './network.ts'
import { preprocessorConfigOf } from './preprocessing.ts'

/**
 * Writes a model directory as on the Hugging Face hub, which `loadModel` opens again: `config.json`,
 * `preprocessor_config.json` and `model.safetensors`, with the weights under torchvision's names, so that PyTorch's
 * `load_state_dict` takes them. Each file is whole or as it was before.
 * @throws CheckpointError where it cannot be written.
 */
export async function saveModel(directory: string, model: Model): Promise<void> {
  const at = (file: string) => `${directory.replace(/(?<=.)\/+$/, '')}/${file}`
  const json = (value: object) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
  await makeDirectory(directory)
  await replaceFile(at('config.json'), json(modelConfigOf(model.architecture.name, model.labels)))
  await replaceFile(at('preprocessor_config.json'), json(preprocessorConfigOf(model.preprocessing)))
  await replaceFile(at('model.safetensors'), weightsFile(model))
}

/** A model's weights as a safetensors file. */
function weightsFile({ architecture, parameters }: Model): Uint8Array {
  const side = architecture.inputSize
  const graph = graphOf([resnet(architecture, input('images', [1, side, side, 3])).logits])
  const tensors = graph.parameters.map(
    ({ attributes: { name }, shape }) => [name, fromFloat32(parameters.get(name)!, shape, 'F32')] as const,
  )
  return writeSafetensors(new Map(tensors), { metadata: { format: 'pt' } })
}
