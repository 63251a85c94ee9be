import { test } from 'vitest'
import { expectParity } from './golden.ts'

/** One network of each kind; networks.data.test.ts has all. */
const names = [
  ...['resnet20', 'resnet20_b', 'resnet20_c', 'resnet56', 'resnet110', 'plain20', 'resnet20_v2', 'resnet20_b_v2'],
  ...['resnet18', 'plain34', 'resnet50', 'resnet50_v1', 'resnet50_v2', 'resnext50_32x4d'],
]

test.each(names)('%s gives the same logits as PyTorch for a PNG file', name => expectParity(name))
