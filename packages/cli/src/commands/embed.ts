import type { Command } from 'commander'
import {
  addModelOptions,
  addNormalisationOptions,
  addPictureOptions,
  addRunOptions,
  type ModelOptions,
  type NormalisationOptions,
  openModel,
  type PictureOptions,
  type RunOptions,
} from '../options.ts'
import { printJson, shortFloats } from '../output.ts'
import { readPictures } from '../pictures.ts'

type Options = ModelOptions & RunOptions & NormalisationOptions & PictureOptions

export function addEmbed(program: Command): void {
  const command = program
    .command('embed')
    .description('print the vector before the classifier, for comparing pictures')
    .argument('<image...>', 'files, folders or glob patterns')
  addPictureOptions(addNormalisationOptions(addRunOptions(addModelOptions(command))))
    .option('--json', 'print one JSON object for each picture, as is done anyway')
    .addHelpText('after', '\nExample:\n  $ residual embed holidays/ > vectors.jsonl')
    .action(embed)
}

async function embed(images: string[], options: Options): Promise<void> {
  const { preprocess } = await import('@residual/vision')
  const model = await openModel(options)
  for await (const { path, picture } of readPictures(images, options)) {
    const embedding = await model.embed(preprocess(picture, model.preprocessing), 1)
    printJson({ image: path, model: model.name, embedding: shortFloats(embedding) })
  }
}
