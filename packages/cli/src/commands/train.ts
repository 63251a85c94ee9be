import { text } from '@residual/core/schema'
import { command } from '../command.ts'
import { findArchitecture } from '../groups/model.ts'
import { runTraining, trainingOptions } from '../groups/training.ts'
import { option } from '../option.ts'

export default command({
  name: 'train',
  group: 'Training',
  summary: 'train a network from scratch',
  options: {
    arch: option('name', text.optional().help("architecture; 'residual list' shows them (default: resnet20)")),
    ...trainingOptions('fast'),
  },
  examples: ['train --data cifar-10-binary.tar.gz --recipe fast --threads 2 --out my-resnet20'],
  async run({ arch, ...options }) {
    if (arch !== undefined) await findArchitecture(arch)
    await runTraining(options, { arch })
  },
})
