import { readdir } from 'node:fs/promises'

/** Arguments of a short training on what writeCifar makes. */
export const training = (data: string, out: string, ...more: string[]): string[] => [
  ...['train', '--arch', 'resnet8', '--data', data, '--out', out, '--epochs', '1', '--batch', '3', '--lr', '0.05'],
  ...more,
]

/** What a training's directory holds, without the curves. */
export async function filesIn(out: string): Promise<string[]> {
  return (await readdir(out)).filter(name => !name.startsWith('events')).toSorted()
}

/** All that a training which was stopped in order leaves, without its log. */
export const SAVED = ['checkpoint.safetensors', 'config.json', 'model.safetensors', 'preprocessor_config.json']
