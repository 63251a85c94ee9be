import { loadModel } from '@residual/resnet'
import { decode, encodePng, loadBatches } from '@residual/vision'

/** Called by the test: classifies an image on this many threads. */
globalThis.classify = async (url, threads) => {
  const image = await decode(await (await fetch(url)).blob())
  const model = await loadModel('cifar10-resnet20', { threads })
  const { predictions } = await model.classify(image)
  return { predictions, threads: (await model.prepare()).threads }
}

/** Called by the test: the pixels of an image that was written as PNG and read again. */
globalThis.reread = async image => {
  const { data } = await decode(await encodePng({ ...image, data: Uint8Array.from(image.data) }))
  return [...data]
}

/** Called by the test: how often a timer of the page fires while a network runs on this many images. */
globalThis.ticks = async (count, threads) => {
  const model = await loadModel('cifar10-resnet20', { threads })
  const images = new Float32Array(count * 32 * 32 * 3)
  // The first run compiles.
  await model.logits(images, count)
  let ticks = 0
  const timer = setInterval(() => ticks++)
  await model.logits(images, count)
  clearInterval(timer)
  return ticks
}

/** Called by the test: the pixels and targets of batches that a worker made. */
globalThis.batches = async (length, options) => {
  const images = Uint8Array.from({ length: length * 192 }, (_, i) => (i * i) % 251)
  const labels = Array.from({ length }, (_, i) => i % 2)
  const source = { length, width: 8, height: 8, classes: ['even', 'odd'], labels, images }
  const batches = []
  for await (const { images, targets } of loadBatches(source, options)) batches.push([[...images], [...targets]])
  return batches
}

/** Called by the test: the error for a missing image that a worker was to read. */
globalThis.missing = async file => {
  const source = { length: 1, classes: ['none'], labels: [0], files: [file] }
  const options = { batch: 1, crop: 8, mean: [0, 0, 0], std: [1, 1, 1] }
  return loadBatches(source, options)
    .next()
    .catch(error => `${error.name}: ${error.message}`)
}

/** Called by the test: the answer of a training in a worker. */
globalThis.train = options =>
  new Promise(resolve => {
    const worker = new Worker(new URL('./train.js', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }) => {
      worker.terminate()
      resolve(data)
    }
    const data = { ...options.data, images: Uint8Array.from(options.data.images) }
    worker.postMessage({ ...options, data })
  })
