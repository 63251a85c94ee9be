import type { Command } from 'commander'
import { readImages } from '../groups/images.ts'
import {
  addImageOptions,
  addModelOptions,
  addNormalisationOptions,
  addRunOptions,
  type ImageOptions,
  type ModelOptions,
  type NormalisationOptions,
  openModel,
  type RunOptions,
} from '../groups/model.ts'
import { printJson, shortFloats } from '../output.ts'

type Options = ModelOptions & RunOptions & NormalisationOptions & ImageOptions

export function addEmbed(program: Command): void {
  const command = program
    .command('embed')
    .description('print the vector before the classifier, for comparing images')
    .argument('<image...>', 'files, folders or glob patterns')
  addImageOptions(addNormalisationOptions(addRunOptions(addModelOptions(command))))
    .option('--json', 'print one JSON object for each image, as is done anyway')
    .addHelpText('after', '\nExample:\n  $ residual embed holidays/ > vectors.jsonl')
    .action(embed)
}

async function embed(patterns: string[], options: Options): Promise<void> {
  const { preprocess } = await import('@residual/vision')
  const model = await openModel(options)
  for await (const { path, image } of readImages(patterns, options)) {
    const embedding = await model.embed(preprocess(image, model.preprocessing), 1)
    printJson({ image: path, model: model.name, embedding: shortFloats(embedding) })
  }
}
