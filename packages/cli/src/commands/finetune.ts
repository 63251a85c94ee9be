import type { Command } from 'commander'
import { addModelOptions, type ModelOptions, openModel } from '../groups/model.ts'
import { addTrainingOptions, runTraining, type TrainingOptions } from '../training.ts'

interface Options extends TrainingOptions, ModelOptions {
  readonly headOnly?: true
}

export function addFinetune(program: Command): void {
  const command = addModelOptions(
    program.command('finetune').description('train a trained network for the classes of a folder of images'),
  )
  command.option('--head-only', 'train the classifier alone; the default trains all layers, the first ones least')
  addTrainingOptions(command, 'finetune')
    .addHelpText(
      'after',
      '\nExample:\n  $ residual finetune --model resnet50.pth --data flowers/ --head-only --out flowers-model',
    )
    .action(finetune)
}

async function finetune({ headOnly, model, arch, ...options }: Options): Promise<void> {
  const { threads, build } = options
  await runTraining(options, {
    model: await openModel({ model, arch, threads, build }),
    only: headOnly && ['fc'],
  })
}
