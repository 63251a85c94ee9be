import { test } from 'vitest'
import { expectParity } from './golden.ts'

/** One network of each kind; networks.data.test.ts has all. */
const names = [
  ...['resnet20', 'resnet20_b', 'resnet20_c', 'resnet56', 'resnet110', 'plain20', 'resnet20_v2', 'resnet20_b_v2'],
  ...['seresnet50', 'resnet18_silu', 'resnet18_maxpool', 'seresnet20_v2_silu_maxpool'],
  ...['resnet18', 'plain34', 'resnet50', 'resnet50_v1', 'resnet50_v2', 'resnext50_32x4d'],
]

test.each(names)('%s gives the same logits as PyTorch for a PNG file', name => expectParity(name))
