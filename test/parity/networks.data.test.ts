import { test } from 'vitest'
import { expectParity, goldenNames } from './golden.ts'

test.each(goldenNames)('%s gives the logits of PyTorch for a PNG file', name => expectParity(name))
