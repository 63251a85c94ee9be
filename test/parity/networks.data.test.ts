import { test } from 'vitest'
import { expectParity, goldenNames } from './golden.ts'

test.each(goldenNames)('%s gives the same logits as PyTorch for a PNG file', name => expectParity(name))
