// ONNX Runtime as native code, which uses the processor's widest vectors.
import * as ort from 'onnxruntime-node'
import { toOnnx } from '../../packages/onnx/dist/index.js'
import { toNchw } from '../networks.mjs'

export async function prepare(net, { threads }) {
  const session = await ort.InferenceSession.create(toOnnx(net.graph, net.parameters), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  })
  const feeds = { image: new ort.Tensor('float32', toNchw(net), [net.batch, 3, net.size, net.size]) }
  const run = async () => Object.values(await session.run(feeds))[0].data
  return { version: ort.env.versions.node, run }
}
