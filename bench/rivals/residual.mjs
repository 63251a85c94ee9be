// This library.
import { compile } from '../../packages/core/dist/index.js'

export async function prepare(net, { threads }) {
  const program = await compile({ outputs: { logits: net.logits }, parameters: net.parameters }, { threads })
  const run = async () => (await program.run({ image: net.image })).logits
  return { version: program.build, run }
}
