import { evaluate, imagenetClasses, Model, ModelError } from '@residual/resnet'
import { cifar10Classes, type ImageArray } from '@residual/vision'
import { describe, expect, test } from 'vitest'
import { parts } from '../../resnet/test/parts.ts'
import { ablate, compareModels } from '../src/index.ts'

const modelOf = (labels: readonly string[]) => new Model(parts(undefined, [...labels]))

/** One black image of the first class. */
const imageOf = (classes: readonly string[]): ImageArray => ({
  ...{ length: 1, width: 32, height: 32, classes, labels: [0] },
  images: new Uint8Array(3072),
})

const count = (length: number, name: (i: number) => string) => Array.from({ length }, (_, i) => name(i))

/** As many ids as ImageNet has classes, in order, from ImageNet's first id to its last. */
const wordNetIds = count(1000, i => (i < 999 ? `n${String(1_440_764 + i).padStart(8, '0')}` : 'n15075141'))

describe('a model is evaluated on', () => {
  test.each<[what: string, labels: readonly string[], classes: readonly string[]]>([
    ['its classes', ['cat', 'dog'], ['cat', 'dog']],
    ['its classes in other letters', ['Golden retriever', 'red-backed  fox'], ['golden_retriever', 'Red_backed_fox ']],
    ['classes composed of other code points', ['caf\u00e9', 'bar'], ['cafe\u0301', 'bar']],
    ['classes that differ in case alone', ['a', 'A'], ['a', 'A']],
    ['any classes if its own have no names', ['class 0', 'class 1'], ['cat', 'dog']],
    ['any classes if its labels are the default ones of transformers', ['LABEL_0', 'LABEL_1'], ['cat', 'dog']],
    ['classes without names', ['cat', 'dog'], ['0', '1']],
    ['classes that are counted from 1', ['cat', 'dog', 'eel'], ['001', '002', '003']],
    ['the same numbers out of order', ['0', '1', '10', '2'], ['0', '1', '10', '2']],
    ['folders of ImageNet', imagenetClasses, wordNetIds],
    ['folders of ImageNet, with all synonyms', imagenetClasses.map(name => `${name}, Some species`), wordNetIds],
  ])('%s', async (_, labels, classes) => {
    const { images } = await evaluate(modelOf(labels), imageOf(classes), { worker: false })
    expect(images).toBe(1)
  })
})

const advice = 'give images of its classes, or compare their numbers alone by ignoreNames (--ignore-names)'
const inEach = (i: number, model: string, images: string) =>
  `class ${i} is ${JSON.stringify(model)} in the model and ${JSON.stringify(images)} in the images`

describe('a model is not evaluated on', () => {
  test.each<[what: string, labels: readonly string[], classes: readonly string[], message: string]>([
    [
      'other classes',
      ['cat', 'dog'],
      ['cat', 'eel'],
      `tiny has other classes than the images: ${inEach(1, 'dog', 'eel')}; ${advice}`,
    ],
    [
      'its classes in another order',
      ['cat', 'dog'],
      ['Dog', 'Cat'],
      `tiny has the classes of the images in another order: ${inEach(0, 'cat', 'Dog')}, ${inEach(1, 'dog', 'Cat')}; ${advice}`,
    ],
    [
      'classes that differ in case alone, in another order',
      ['a', 'A'],
      ['A', 'a'],
      `tiny has the classes of the images in another order: ${inEach(0, 'a', 'A')}, ${inEach(1, 'A', 'a')}; ${advice}`,
    ],
    [
      'many other classes, some of which are listed',
      cifar10Classes,
      cifar10Classes.map(name => `my ${name}`),
      `tiny has other classes than the images: ${[0, 1, 2].map(i => inEach(i, cifar10Classes[i], `my ${cifar10Classes[i]}`)).join(', ')}, 7 more differ; ${advice}`,
    ],
    [
      'numbers in the order of letters',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'],
      ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'],
      `tiny has other classes than the images: ${inEach(0, 'a', '0')}, ${inEach(1, 'b', '1')}, ${inEach(2, 'c', '10')}, 8 more differ; ${advice}`,
    ],
    [
      'numbers in another order than its own',
      count(11, i => `class ${i}`),
      count(11, String).sort(),
      `tiny has other classes than the images: ${inEach(0, 'class 0', '0')}, ${inEach(1, 'class 1', '1')}, ${inEach(2, 'class 2', '10')}, 8 more differ; ${advice}`,
    ],
    [
      'a few folders of ImageNet',
      ['tench', 'goldfish'],
      ['n01440764', 'n01443537'],
      `tiny has other classes than the images: ${inEach(0, 'tench', 'n01440764')}, ${inEach(1, 'goldfish', 'n01443537')}; ${advice}`,
    ],
    [
      'folders of ImageNet if its labels are in another order',
      [...imagenetClasses].sort(),
      wordNetIds,
      expect.stringMatching(/^tiny has other classes than the images: .*, 997 more differ; /),
    ],
    [
      'names that would fill a page, or move the cursor',
      ['cat', '\u001b[2J'],
      ['x'.repeat(500), 'dog'],
      `tiny has other classes than the images: ${inEach(0, 'cat', `${'x'.repeat(77)}...`)}, ${inEach(1, '\u001b[2J', 'dog')}; ${advice}`,
    ],
  ])('%s', async (_, labels, classes, message) => {
    const model = modelOf(labels)
    await expect(evaluate(model, imageOf(classes))).rejects.toThrow(
      expect.objectContaining({ name: 'ModelError', message }),
    )
    const { images } = await evaluate(model, imageOf(classes), { worker: false, ignoreNames: true })
    expect(images).toBe(1)
  })
})

test('networks are ablated and compared on their own classes only', async () => {
  const [model, other, data] = [modelOf(['cat', 'dog']), modelOf(['dog', 'cat']), imageOf(['cat', 'dog'])]
  const refused = new ModelError(
    `tiny has the classes of the images in another order: ${inEach(0, 'dog', 'cat')}, ${inEach(1, 'cat', 'dog')}; ${advice}`,
  )
  await expect(ablate(other, data)).rejects.toThrow(refused)
  await expect(compareModels(model, other, data)).rejects.toThrow(refused)
  await expect(compareModels(other, model, data)).rejects.toThrow(refused)
  const options = { worker: false, ignoreNames: true }
  expect((await ablate(other, data, options)).images).toBe(1)
  expect((await compareModels(model, other, data, options)).images).toBe(1)
})

test('another number of classes is refused, whether names count or not', async () => {
  const refused = new ModelError('tiny has 2 classes, the images have 3')
  const [model, data] = [modelOf(['cat', 'dog']), imageOf(['cat', 'dog', 'eel'])]
  await expect(evaluate(model, data, { ignoreNames: true })).rejects.toThrow(refused)
  await expect(ablate(model, data, { ignoreNames: true })).rejects.toThrow(refused)
  await expect(compareModels(model, model, data, { ignoreNames: true })).rejects.toThrow(refused)
})
