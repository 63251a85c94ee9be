import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { graphOf, input } from '@residual/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Architecture,
  architecture,
  depthOf,
  loadModel,
  Model,
  named,
  readArchitecture,
  resnet,
} from '../src/index.ts'
import { saveModel } from '../src/save.ts'
import { untrainedModel } from '../src/untrained.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-rows-'))
})
afterAll(() => rm(folder, { recursive: true }))

const [resnet8, resnet50] = [architecture('resnet8'), architecture('resnet50')]

/** Rows without a known name. */
const ROWS: readonly Architecture[] = [
  { ...resnet8, name: 'unequal stages', layers: [2, 1, 1] },
  { ...resnet8, name: 'two stages', layers: [1, 1], widths: [16, 40], classes: 3 },
  { ...resnet8, name: 'a wide stem', stem: { kernel: 5, stride: 2, width: 24, pool: 'max' }, shortcut: 'C' },
  { ...resnet8, name: 'bottlenecks on 32 pixels', block: 'bottleneck', groups: 4, widthPerGroup: 16, shortcut: 'B' },
  { ...resnet8, name: 'plain and pre-activated', shortcut: 'none', preActivation: true, norm: 'none', linear: 2 },
  {
    ...resnet8,
    ...{ name: 'early strides before activations', block: 'bottleneck', preActivation: true, strideIn: '1x1' },
  },
  {
    ...resnet8,
    name: 'another activation and pooling',
    activation: 'silu',
    attention: 'se',
    pooling: 'max',
    layers: [1, 2, 1],
  },
]

describe('a row without a known name', () => {
  test.each(ROWS)('$name is built, saved and loaded', async arch => {
    const model = untrainedModel(arch)
    const path = join(folder, arch.name)
    await saveModel(path, model)
    const loaded = await loadModel(path)
    expect(loaded.architecture).toEqual(arch)
    const images = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin(i / 7))
    expect(await loaded.logits(images, 1)).toEqual(await model.logits(images, 1))
    const weights = join(path, 'model.safetensors')
    expect((await loadModel(weights, { arch })).architecture).toEqual(arch)
  })

  test('has a label with its numbers of blocks', () => {
    expect(ROWS.map(row => named(row).name)).toEqual([
      ...['resnet-2-1-1', 'resnet-1-1', 'resnet-1-1-1', 'resnet-1-1-1', 'plain-1-1-1', 'resnet-1-1-1', 'resnet-1-2-1'],
    ])
  })
})

test('config.json holds the row and its name, and the row takes precedence', async () => {
  const path = join(folder, 'both')
  await saveModel(path, untrainedModel(resnet8))
  const file = join(path, 'config.json')
  const config = JSON.parse(await readFile(file, 'utf8'))
  expect(config).toMatchObject({ architecture: 'resnet8', num_classes: 10, residual_architecture: resnet8 })
  await writeFile(file, JSON.stringify({ ...config, architecture: 'resnet50' }))
  expect((await loadModel(path)).architecture).toEqual(resnet8)
  expect((await loadModel(path, { arch: 'plain8' })).architecture).toEqual(architecture('plain8'))
})

test.each([
  ...['resnet8', 'cifar_resnet50_b_v2', 'plain20_nobn', 'resnet50_c_v1', 'resnet34_a_nobn_linear5', 'wide_resnet50_2'],
  ...['plain34', 'cifar_plain152', 'resnext101_64x4d_v2', 'resnet20_linear36'],
  ...['seresnet50_c_v1_silu', 'cifar_seresnet50_maxpool', 'plain20_nobn_silu_maxpool_linear2'],
])('the row of %s gets its name from its fields', name => {
  const row: Architecture = { ...architecture(name), name: 'another', classes: 7, inputSize: 48 }
  expect(named(row).name).toBe(name)
})

test.each([
  ['resnet20', 20],
  ['cifar_resnet50_v2', 50],
  ['resnet18', 18],
  ['resnet50', 50],
  ['wide_resnet101_2', 101],
  ['resnet152', 152],
  ['resnet20_linear36', 20],
  ['seresnet50', 50],
])('%s has %i layers', (name, depth) => {
  expect(depthOf(architecture(name))).toBe(depth)
})

describe('a row in a file', () => {
  test.each(ROWS)('is read unchanged: $name', row => {
    expect(readArchitecture(JSON.parse(JSON.stringify(row)), 'f', 'row')).toEqual(row)
  })

  test('may lack the fields that earlier versions did not have', () => {
    const { activation: _, attention: __, pooling: ___, ...earlier } = resnet8
    expect(readArchitecture(earlier, 'f', 'row')).toEqual(resnet8)
  })

  const list = 'a list of 1 to 9 whole numbers from 1 to'
  test.each<[change: object, message: string]>([
    [{ name: 5 }, 'name 5, wanted a string of at most 200 characters'],
    [{ family: 'mnist' }, 'family "mnist", wanted "cifar" or "imagenet"'],
    [{ stem: '7x7' }, 'stem "7x7", wanted an object'],
    [{ stem: { ...resnet8.stem, kernel: 4 } }, 'stem.kernel 4, wanted an odd number from 1 to 63'],
    [{ stem: { ...resnet8.stem, pool: 'avg' } }, 'stem.pool "avg", wanted "max" or "none"'],
    [{ stem: { ...resnet8.stem, width: undefined } }, 'stem.width nothing, wanted a whole number from 1 to 65536'],
    [{ block: 'constructor' }, 'block "constructor", wanted "basic" or "bottleneck"'],
    [{ layers: [] }, `layers [], wanted ${list} 1000`],
    [{ layers: [1, 2.5, 1] }, `layers [1,2.5,1], wanted ${list} 1000`],
    [{ layers: [400, 400, 400] }, 'layers [400,400,400], wanted at most 1000 blocks'],
    [{ widths: [16, 32] }, 'widths [16,32], wanted 3 numbers, as layers has'],
    [{ widths: 'wide' }, `widths "wide", wanted ${list} 65536`],
    [{ groups: 2 }, 'groups 2, wanted 1 in basic blocks'],
    [{ widthPerGroup: 4 }, 'widthPerGroup 4, wanted 64 in basic blocks'],
    [{ strideIn: '1x1' }, 'strideIn "1x1", wanted "3x3" in basic blocks'],
    [{ block: 'bottleneck', widthPerGroup: 1 }, 'widthPerGroup 1, wanted enough for a channel with a width of 16'],
    [{ shortcut: 'D' }, 'shortcut "D", wanted "A" or "B" or "C" or "none"'],
    [{ widths: [16, 8, 64] }, 'widths [16,8,64], wanted widths that do not fall, as shortcut A only adds channels'],
    [{ strideIn: 3 }, 'strideIn 3, wanted "3x3" or "1x1"'],
    [{ preActivation: 1 }, 'preActivation 1, wanted true or false'],
    [{ norm: 'layer' }, 'norm "layer", wanted "batch" or "none"'],
    [{ activation: 'gelu' }, 'activation "gelu", wanted "relu" or "silu"'],
    [{ attention: 'eca' }, 'attention "eca", wanted "none" or "se"'],
    [{ pooling: 'avg' }, 'pooling "avg", wanted "average" or "max"'],
    [{ linear: -1 }, 'linear -1, wanted a whole number from 0 to 9999'],
    [{ inputSize: 1e9 }, 'inputSize 1000000000, wanted a whole number from 1 to 4096'],
    [{ classes: '10' }, 'classes "10", wanted a whole number from 0 to 2147483647'],
    [
      { dilation: 2 },
      'the unknown key "row.dilation", wanted some of name, family, stem, block, layers, widths, groups, widthPerGroup, shortcut, strideIn, preActivation, norm, activation, attention, pooling, linear, inputSize, classes',
    ],
  ])('with %j is refused', (change, message) => {
    const expected = message.startsWith('the unknown') ? `f: got ${message}` : `f: got row.${message}`
    expect(() => readArchitecture({ ...resnet8, ...change }, 'f', 'row')).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expected }),
    )
  })

  test.each([[[1]], ['resnet8'], [null], [undefined]])('must be an object, not %j', value => {
    expect(() => readArchitecture(value, 'f', 'row')).toThrow(expect.objectContaining({ name: 'FormatError' }))
  })

  test('is refused when its directory is loaded', async () => {
    const path = join(folder, 'damaged')
    await saveModel(path, untrainedModel(resnet8))
    const file = join(path, 'config.json')
    const config = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...config, residual_architecture: { ...resnet8, norm: 'group' } }))
    await expect(loadModel(path)).rejects.toThrow(
      'config.json: got residual_architecture.norm "group", wanted "batch" or "none"',
    )
  })
})

describe('the blocks of a network', () => {
  const names = ['resnet8', 'resnet8_c', 'resnet8_v2', 'resnet14_b_v2_nobn', 'plain8', 'resnet50', 'resnet20_linear5']
  test.each(names)('of %s follow each other', name => {
    const arch = architecture(name)
    const { blocks, features, embedding, logits } = resnet(arch, input('images', [1, 32, 32, 3]))
    expect(blocks.map(({ name, stage }) => [name, stage])).toEqual(
      arch.layers.flatMap((count, stage) => Array.from({ length: count }, (_, i) => [`layer${stage + 1}.${i}`, stage])),
    )
    const nodes = new Set(graphOf([logits]).nodes)
    for (const [i, { input, branch, shortcut, sum, output, scaledBy }] of blocks.entries()) {
      expect([input, branch, output].every(tensor => nodes.has(tensor))).toBe(true)
      if (i > 0 && arch.linear === 0) expect(input).toBe(blocks[i - 1].output)
      if (arch.shortcut === 'none') expect([shortcut, sum]).toEqual([undefined, undefined])
      else expect(sum!.inputs).toEqual([branch, shortcut])
      expect((sum ?? branch) === output).toBe(arch.preActivation)
      const weight = branch.inputs.find(
        tensor => tensor.is('parameter') && tensor.attributes.name === `${scaledBy}.weight`,
      )
      expect(weight).toBeDefined()
    }
    expect(embedding.inputs).toEqual([features])
  })

  test('include the factor in their residual branch', () => {
    const scale = input('scale', [1, 1, 1, 1])
    const { blocks } = resnet(resnet8, input('images', [1, 32, 32, 3]), { branchScale: () => scale })
    for (const { branch } of blocks) expect(branch.inputs[1]).toBe(scale)
  })
})

test('a model with a given row takes the number of classes from the weights', async () => {
  const { name, preprocessing } = untrainedModel(resnet50)
  const small = { ...ROWS[0], classes: 2 }
  const { parameters } = untrainedModel(small)
  const path = join(folder, 'two classes')
  await saveModel(path, new Model({ name, architecture: small, labels: ['a', 'b'], preprocessing, parameters }))
  expect((await loadModel(path, { arch: ROWS[0] })).architecture).toEqual(small)
})
