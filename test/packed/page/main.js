import { loadModel } from '@residual/resnet'
import { decode } from '@residual/vision'

/** Called by the test: what is in a picture, found out on so many threads. */
globalThis.classify = async (url, threads) => {
  const picture = await decode(await (await fetch(url)).blob())
  const model = await loadModel('cifar10-resnet20', { threads })
  const { predictions } = await model.classify(picture)
  return { predictions, threads: (await model.prepare()).threads }
}

/** Called by the test: how often a timer of the page fires while a network runs over so many pictures. */
globalThis.ticks = async (pictures, threads) => {
  const model = await loadModel('cifar10-resnet20', { threads })
  const images = new Float32Array(pictures * 32 * 32 * 3)
  // The first run compiles.
  await model.logits(images, pictures)
  let count = 0
  const timer = setInterval(() => count++)
  await model.logits(images, pictures)
  clearInterval(timer)
  return count
}
