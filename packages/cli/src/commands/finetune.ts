import { command } from '../command.ts'
import { modelOptions, openModel } from '../groups/model.ts'
import { runTraining, trainingOptions } from '../groups/training.ts'
import { flag } from '../option.ts'

export default command({
  name: 'finetune',
  group: 'Training',
  summary: 'fine-tune a trained network for other classes',
  options: {
    ...modelOptions,
    headOnly: flag('train only the classifier; by default all layers are trained, the first ones least'),
    ...trainingOptions('finetune'),
  },
  examples: ['finetune --model resnet50.pth --data flowers/ --head-only --out flowers-model'],
  async run({ headOnly, model, arch, ...options }) {
    const { threads, build } = options
    await runTraining(options, {
      model: await openModel({ model, arch, threads, build }),
      only: headOnly ? ['fc'] : undefined,
    })
  },
})
