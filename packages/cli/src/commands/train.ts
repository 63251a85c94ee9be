import type { Command } from 'commander'
import { findArchitecture } from '../groups/model.ts'
import { addTrainingOptions, runTraining, type TrainingOptions } from '../training.ts'

interface Options extends TrainingOptions {
  readonly arch?: string
}

export function addTrain(program: Command): void {
  const command = program.command('train').description('train a network from nothing')
  command.option('--arch <name>', "architecture; 'residual list' shows them (default: resnet20)")
  addTrainingOptions(command, 'fast')
    .addHelpText(
      'after',
      '\nExample:\n  $ residual train --data cifar-10-binary.tar.gz --recipe fast --threads 2 --out my-resnet20',
    )
    .action(train)
}

async function train(options: Options): Promise<void> {
  const { arch } = options
  if (arch !== undefined) await findArchitecture(arch)
  await runTraining(options, { arch })
}
