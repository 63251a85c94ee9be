import { command } from '../command.ts'
import { imageOptions, imagesArgument, readImages } from '../groups/images.ts'
import { modelOptions, normalisationOptions, openModel } from '../groups/model.ts'
import { runOptions } from '../groups/run.ts'
import { json } from '../option.ts'
import { printJson, shortFloats } from '../output.ts'

export default command({
  name: 'embed',
  group: 'Images',
  summary: 'print the vector before the classifier, for comparing images',
  arguments: { image: imagesArgument },
  options: {
    ...modelOptions,
    ...runOptions,
    ...normalisationOptions,
    ...imageOptions,
    json: json(' for each image, which is also the default'),
  },
  examples: ['embed holidays/ > vectors.jsonl'],
  async run({ image, ...options }) {
    const { preprocess } = await import('@residual/vision')
    const model = await openModel(options)
    for await (const { path, image: pixels } of readImages(image, options)) {
      const embedding = await model.embed(preprocess(pixels, model.preprocessing), 1)
      printJson({ image: path, model: model.name, embedding: shortFloats(embedding) })
    }
  },
})
