// This library: forward pass, backward pass and update are one program.
import { compile, input } from '../../packages/core/dist/index.js'
import { sgd } from '../../packages/train/dist/index.js'
import { optimizer } from './problem.mjs'

export async function prepare(problem, { threads }) {
  const { momentum, weightDecay, rate } = optimizer
  const { learned, gradients, loss, parameters } = problem
  const descent = sgd({ momentum, weightDecay, nesterov: true })
  const { updates, state } = descent({ parameters: learned, gradients, learningRate: input('learningRate', []) })
  const program = await compile(
    {
      outputs: { loss },
      parameters: new Map([...parameters, ...state]),
      updates: new Map([...updates, ...problem.updates]),
    },
    { threads },
  )
  const inputs = { images: problem.images, targets: problem.targets, learningRate: Float32Array.of(rate) }
  return {
    version: program.build,
    memory: program.memory,
    async step() {
      const start = performance.now()
      const results = await program.run(inputs)
      return { loss: results.loss[0], milliseconds: performance.now() - start }
    },
    profile: () => program.profile(inputs),
  }
}
