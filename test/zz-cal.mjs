import { train } from '@residual/resnet'
import { openCifar } from '@residual/vision'
import { pathToFileURL } from 'node:url'
const [file, arch, n, epochs, batch, lr] = process.argv.slice(2)
let data, test
const sub = (d, n) => ({ ...d, length: n, labels: d.labels.subarray(0, n), images: d.images.subarray(0, n * 3072) })
if (file === 'cifar') {
  data = sub(await openCifar('/work/shared/data/cifar10/cifar-10-binary.tar.gz', { split: 'train' }), Number(n))
  test = sub(await openCifar('/work/shared/data/cifar10/cifar-10-binary.tar.gz', { split: 'test' }), 500)
} else {
  const { drawShapes } = await import(pathToFileURL(file))
  data = drawShapes({ split: 'train', length: Number(n) }); test = drawShapes({ split: 'test', length: 500 })
}
for await (const e of train({ arch, data, test, recipe: { epochs: Number(epochs), batch: Number(batch), augmentation: {}, schedule: { kind: 'constant', rate: Number(lr) }, optimizer: { kind: 'sgd', momentum: 0.9 }, ...(process.env.ZERO && { zeroInitResidual: true }) } }))
  if (e.kind === 'epoch') console.log(file.split('/').pop(), arch, 'epoch', e.epoch, 'loss', e.trainLoss.toFixed(3), 'train', e.trainTop1.toFixed(3), 'test', e.testTop1?.toFixed(3), Math.round(e.imagesPerSecond), 'im/s')
