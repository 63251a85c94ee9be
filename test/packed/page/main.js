import { loadModel } from '@residual/resnet'
import { decode } from '@residual/vision'

/** Called by the test: what is in a picture, found out on so many threads. */
globalThis.classify = async (url, threads) => {
  const picture = await decode(await (await fetch(url)).blob())
  const model = await loadModel('cifar10-resnet20', { threads })
  const { predictions } = await model.classify(picture)
  return { predictions, threads: (await model.prepare()).threads }
}
