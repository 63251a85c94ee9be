import { loadModel } from '../../packages/resnet/dist/index.js'
import { image, report } from './report.mjs'

const [file, arch, side] = process.argv.slice(2)
const model = await loadModel(file, { arch })
report(await model.logits(image(side * side * 3), 1))
