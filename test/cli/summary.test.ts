import { describe, expect, test } from 'vitest'
import { objectsIn, residual } from './residual.ts'

describe('summary', () => {
  test('prints one JSON object, with the totals of the paper', async () => {
    const run = await residual(['summary', '--arch', 'resnet50', '--json'])
    const [object] = objectsIn(run)
    expect(Object.keys(object)).toEqual(['params', 'macs', 'layers'])
    expect(object).toMatchObject({ params: 25_557_032, macs: 4_089_184_256 })
    const layers = object.layers as Record<string, unknown>[]
    expect(layers[0]).toEqual({
      name: 'conv1',
      operation: 'conv2d',
      output: [1, 112, 112, 64],
      params: 9408,
      macs: 118_013_952,
      activationBytes: 3_211_264,
    })
  })

  test('prints a table', async () => {
    const { stdout } = await residual(['summary', '--arch', 'resnet8'])
    expect(stdout).toMatchInlineSnapshot(`
      "resnet8, 10 classes, input 32 x 32

      layer           operation      output        params    MACs  activation
      conv1           conv2d         32 x 32 x 16     432   442 k     65.5 kB
      bn1             batchNorm      32 x 32 x 16      32             65.5 kB
      relu            relu           32 x 32 x 16                     65.5 kB
      layer1.0.conv1  conv2d         32 x 32 x 16   2,304  2.36 M     65.5 kB
      layer1.0.bn1    batchNorm      32 x 32 x 16      32             65.5 kB
      layer1.0.relu   relu           32 x 32 x 16                     65.5 kB
      layer1.0.conv2  conv2d         32 x 32 x 16   2,304  2.36 M     65.5 kB
      layer1.0.bn2    batchNorm      32 x 32 x 16      32             65.5 kB
      layer1.0.add    add            32 x 32 x 16                     65.5 kB
      layer1.0.relu   relu           32 x 32 x 16                     65.5 kB
      layer2.0.conv1  conv2d         16 x 16 x 32   4,608  1.18 M     32.8 kB
      layer2.0.bn1    batchNorm      16 x 16 x 32      64             32.8 kB
      layer2.0.relu   relu           16 x 16 x 32                     32.8 kB
      layer2.0.conv2  conv2d         16 x 16 x 32   9,216  2.36 M     32.8 kB
      layer2.0.bn2    batchNorm      16 x 16 x 32      64             32.8 kB
      layer2.0.slice  slice          16 x 16 x 16                     16.4 kB
      layer2.0.pad    pad            16 x 16 x 32                     32.8 kB
      layer2.0.add    add            16 x 16 x 32                     32.8 kB
      layer2.0.relu   relu           16 x 16 x 32                     32.8 kB
      layer3.0.conv1  conv2d         8 x 8 x 64    18,432  1.18 M     16.4 kB
      layer3.0.bn1    batchNorm      8 x 8 x 64       128             16.4 kB
      layer3.0.relu   relu           8 x 8 x 64                       16.4 kB
      layer3.0.conv2  conv2d         8 x 8 x 64    36,864  2.36 M     16.4 kB
      layer3.0.bn2    batchNorm      8 x 8 x 64       128             16.4 kB
      layer3.0.slice  slice          8 x 8 x 32                       8.19 kB
      layer3.0.pad    pad            8 x 8 x 64                       16.4 kB
      layer3.0.add    add            8 x 8 x 64                       16.4 kB
      layer3.0.relu   relu           8 x 8 x 64                       16.4 kB
      globalAvgPool   globalAvgPool  64                                 256 B
      fc              linear         10               650     640        40 B

      75,290 params, 12.2 M MACs
      "
    `)
  })

  test('takes models and other sizes of images', async () => {
    const [object] = objectsIn(await residual(['summary', '--model', 'cifar10-resnet20', '--input', '64', '--json']))
    expect(object.params).toBe(269_722)
    expect(object.layers).toContainEqual(expect.objectContaining({ name: 'conv1', output: [1, 64, 64, 16] }))
  })
})

test('list prints the embedded models and the architectures', async () => {
  const [object] = objectsIn(await residual(['list', '--json']))
  expect(object).toMatchObject({
    models: [{ name: 'cifar10-resnet20', arch: 'resnet20', classes: 10, params: 269_722 }],
    architectures: expect.arrayContaining([
      { name: 'resnet18', params: 11_689_512, macs: 1_814_073_344, input: 224, classes: 1000 },
    ]),
  })
  const { stdout } = await residual(['list'])
  expect(stdout).toContain('\nresnet1202         19,421,274  2.83 G     32       10\n')
})
