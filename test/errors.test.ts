import { ArchitectureError, FormatError, ParameterError, ResidualError, ShapeError } from '@residual/core'
import { CheckpointError, ModelError } from '@residual/resnet'
import { DivergenceError, RecipeError, TrainingError } from '@residual/train'
import { VisionError } from '@residual/vision'
import { PullError } from '@residual/vision/pull'
import { expect, test } from 'vitest'

const NAME = '\u001b]0;x\u0007\u009b31m\u202e\u2028\n'
const SHOWN = '\\u001b]0;x\\u0007\\u009b31m\\u202e\\u2028\\n'

test.each([
  ...[ResidualError, ArchitectureError, FormatError, ParameterError, ShapeError, VisionError, PullError],
  ...[ModelError, CheckpointError, RecipeError, TrainingError],
])('%o has a message of one printable line', type => {
  const cause = new Error('cause')
  const error = new type(`${NAME}: is damaged; get it again`, { cause })
  expect(error).toMatchObject({ name: type.name, message: `${SHOWN}: is damaged; get it again`, cause })
  expect(new type(`${'x'.repeat(1e6)}: is damaged`).message).toMatch(/^x{1500}….{300}$/)
})

test('the error of a training that diverged has one too', () => {
  expect(new DivergenceError(NAME, 3, 'fc')).toMatchObject({ message: SHOWN, step: 3, layer: 'fc' })
})
