import { train } from '@residual/resnet'
import { drawShapes } from '@residual/vision'
const [arch, n, epochs, batch, lr, seed = '0'] = process.argv.slice(2)
const data = drawShapes({ split: 'train', length: Number(n) }), test = drawShapes({ split: 'test', length: 1000 })
const zero = process.env.ZERO === '1'
for await (const e of train({ arch, data, test, seed: Number(seed), recipe: { epochs: Number(epochs), batch: Number(batch), schedule: { kind: 'constant', rate: Number(lr) }, optimizer: { kind: 'sgd', momentum: 0.9 } , ...(zero && {zeroInitResidual: true}) } }))
  if (e.kind === 'epoch') console.log(arch, n, 'epoch', e.epoch, 'loss', e.trainLoss.toFixed(3), 'train', e.trainTop1.toFixed(3), 'test', e.testTop1?.toFixed(3), Math.round(e.imagesPerSecond), 'im/s')
