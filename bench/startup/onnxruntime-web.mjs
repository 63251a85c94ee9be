import { readFile } from 'node:fs/promises'
import * as ort from 'onnxruntime-web'
import { image, report } from './report.mjs'

const [file, , side] = process.argv.slice(2)
ort.env.wasm.numThreads = 1
const session = await ort.InferenceSession.create(await readFile(file), { executionProviders: ['wasm'] })
const feeds = { image: new ort.Tensor('float32', image(side * side * 3), [1, 3, Number(side), Number(side)]) }
report(Object.values(await session.run(feeds))[0].data)
