// ONNX Runtime's WebAssembly build.
import * as ort from 'onnxruntime-web'
import { toOnnx } from '../../packages/onnx/dist/index.js'
import { toNchw } from '../networks.mjs'

export async function prepare(net, { threads }) {
  ort.env.wasm.numThreads = threads
  const session = await ort.InferenceSession.create(toOnnx(net.graph, net.parameters), { executionProviders: ['wasm'] })
  const feeds = { image: new ort.Tensor('float32', toNchw(net), [net.batch, 3, net.size, net.size]) }
  const run = async () => Object.values(await session.run(feeds))[0].data
  return { version: ort.env.versions.web, run }
}
