import * as ort from 'onnxruntime-node'
import { image, report } from './report.mjs'

const [file, , side] = process.argv.slice(2)
const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1 })
const feeds = { image: new ort.Tensor('float32', image(side * side * 3), [1, 3, Number(side), Number(side)]) }
report(Object.values(await session.run(feeds))[0].data)
