import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { architecture, untrainedModel } from '@residual/resnet'
import { DEFAULT_MAX_PIXELS, MAX_PIXELS } from '@residual/vision'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsIn, residual, root } from './residual.ts'

const cat = 'images/cat.jpg'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('classify', () => {
  test('prints one JSON object for each image of a folder, with exactly these keys', async () => {
    const run = await residual(['classify', 'images', '--json', '--topk', '2'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const objects = objectsIn(run)
    expect(objects.map(({ image }) => image)).toEqual(
      ['cat', 'coffee', 'grace-hopper', 'rocket'].map(name => join('images', `${name}.jpg`)),
    )
    for (const object of objects) {
      expect(Object.keys(object)).toEqual(['image', 'model', 'predictions', 'milliseconds'])
      expect(object).toEqual({
        image: expect.any(String),
        model: 'cifar10-resnet20',
        predictions: [1, 2].map(() => ({
          label: expect.any(String),
          score: expect.any(Number),
          index: expect.any(Number),
        })),
        milliseconds: expect.any(Number),
      })
    }
    expect(objects[0].predictions).toMatchObject([{ label: 'cat', index: 3 }, {}])
  })

  test('adds the logits on request', async () => {
    const [object] = objectsIn(await residual(['classify', cat, '--json', '--logits']))
    expect(Object.keys(object)).toEqual(['image', 'model', 'predictions', 'milliseconds', 'logits'])
    const logits = object.logits as number[]
    expect(logits).toHaveLength(10)
    expect(logits.indexOf(Math.max(...logits))).toBe(3)
  })

  test('gives five predictions as bars', async () => {
    const { stdout } = await residual(['classify', cat, '--build', 'simd128'])
    expect(stdout.replace(/[\d.]+ ms/, 'N ms')).toMatchInlineSnapshot(`
      "images/cat.jpg  N ms
        cat       100.0%  ██████████████████████████████
        dog         0.0%
        deer        0.0%
        airplane    0.0%
        bird        0.0%

      cifar10-resnet20 on simd128, 1 thread
      "
    `)
  })

  test('takes glob patterns, and files whose names look like one', async () => {
    await writeFile(join(folder, 'cat[1].jpg'), await readFile(join(root, cat)))
    await writeFile(join(folder, 'CAT.JPG'), await readFile(join(root, cat)))
    const run = await residual(['classify', '*.{jpg,JPG}', 'cat[1].jpg', '--json'], { cwd: folder })
    expect(objectsIn(run).map(({ image }) => image)).toEqual(['CAT.JPG', 'cat[1].jpg', 'cat[1].jpg'])
  })

  test('reports an image that cannot be read and goes on', async () => {
    const run = await residual(['classify', cat, 'nothing.png', 'package.json', cat, '--json'])
    expect(objectsIn(run).map(({ image }) => image)).toEqual([cat, cat])
    expect(run.status).toBe(1)
    expect(run.stderr.split('\n')).toEqual([
      'error: nothing.png: no such file',
      'error: package.json: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
      '',
    ])
  })

  test('normalises as it is told', async () => {
    const logits = async (...options: string[]) =>
      objectsIn(await residual(['classify', cat, '--json', '--logits', ...options]))[0].logits
    const own = ['--mean', '.4914,.482156862745098,.446529411764706']
    expect(await logits(...own, '--std', '1e-1,.2,.3')).not.toEqual(await logits())
    expect(await logits(...own, '--std', '1e-1,.2,.3')).toEqual(await logits(...own, '--std', '0.1,0.2,0.3'))
  })
})

test('embed prints the vector before the classifier', async () => {
  const run = await residual(['embed', cat])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object, ...others] = objectsIn(run)
  expect(others).toEqual([])
  expect(Object.keys(object)).toEqual(['image', 'model', 'embedding'])
  expect(object.embedding).toHaveLength(64)
  expect(await residual(['embed', cat, '--json'])).toEqual(run)
})

describe('eval', () => {
  // Four records of CIFAR-10's binary version: a label, then an image of one grey.
  beforeAll(() =>
    writeFile(
      join(folder, 'test_batch.bin'),
      Uint8Array.from({ length: 4 * 3073 }, (_, i) => (i % 3073 === 0 ? 8 : 40 * ((i / 3073) | 0))),
    ),
  )

  test('prints one JSON object with exactly these keys', async () => {
    const run = await residual(['eval', '--data', folder, '--limit', '3', '--batch', '2', '--json'])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const [object] = objectsIn(run)
    expect(Object.keys(object)).toEqual(['model', 'images', 'top1', 'top5', 'loss', 'seconds', 'imagesPerSecond'])
    expect(object).toMatchObject({ model: 'cifar10-resnet20', images: 3 })
  })

  test('adds the confusion matrix on request', async () => {
    const [object] = objectsIn(await residual(['eval', '--data', folder, '--confusion', '--json']))
    const confusion = object.confusion as number[][]
    expect(confusion.map(row => row.length)).toEqual(Array(10).fill(10))
    expect(confusion.map(row => row.reduce((a, b) => a + b))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 4, 0])
    const { stdout, stderr } = await residual(['eval', '--data', folder, '--confusion'])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^model +cifar10-resnet20\nimages +4 of cifar10, test\ntop1 +\d+\.\d\d%\n/)
    expect(stdout).toMatch(/^7 +horse( +·){10}\n8 +ship +[\d·]/m)
  })
})

describe('summary', () => {
  test('prints one JSON object, its totals those of the paper', async () => {
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

test('bench --per-layer lists every layer with what ran it', async () => {
  const json = await residual(['bench', '--arch', 'resnet8', '--build', 'simd128', '--per-layer', '--json'])
  const [{ layers }] = objectsIn(json) as [{ layers: Record<string, unknown>[] }]
  expect(layers.map(({ name }) => name)).toContain('layer2.0.conv1')
  expect(layers[0]).toEqual({
    name: 'conv1',
    operation: 'conv2d',
    kernel: expect.stringContaining('conv2d'),
    shape: [1, 32, 32, 16],
    macs: 442_368,
    bytes: expect.any(Number),
    milliseconds: expect.any(Number),
  })
  const { stdout } = await residual(['bench', '--arch', 'resnet8', '--build', 'simd128', '--per-layer'])
  expect(stdout).toMatch(/layer +output +ms +GFLOP\/s +share +kernel\nconv1 +32 x 32 x 16 +\d/)
  expect(stdout).toMatch(/layer1\.0\.conv1 .*winogradInput \+ winogradOutput\n/)
})

test('bench prints one JSON object with exactly these keys', async () => {
  const run = await residual([
    'bench',
    '--arch',
    'resnet8',
    '--batch',
    '2',
    '--threads',
    '2',
    '--build',
    'simd128',
    '--json',
  ])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const [object] = objectsIn(run)
  expect(Object.keys(object)).toEqual(['arch', 'batch', 'threads', 'milliseconds', 'build', 'node', 'cpu'])
  expect(object).toEqual({
    arch: 'resnet8',
    batch: 2,
    threads: 2,
    milliseconds: { min: expect.any(Number), median: expect.any(Number) },
    build: 'simd128',
    node: process.version,
    cpu: cpus()[0].model.trim(),
  })
})

describe('bench --compare', () => {
  const call = ['bench', '--arch', 'resnet8', '--build', 'simd128', '--compare']

  /** Installs a rival in a folder of its own, which answers every image with these logits. */
  async function withRival(name: string, logits: Iterable<number>): Promise<string> {
    const path = join(folder, name)
    const rival = join(path, 'node_modules/onnxruntime-web')
    await mkdir(rival, { recursive: true })
    await writeFile(
      join(rival, 'index.js'),
      `exports.env = { wasm: {}, versions: { web: '1.2.3' } }
exports.Tensor = class { constructor(type, data, shape) { Object.assign(this, { type, data, shape }) } }
const logits = { data: new Float32Array(${JSON.stringify([...logits])}) }
exports.InferenceSession = {
  async create(model) {
    if (!Buffer.from(model).includes('layer1.0.conv1.weight')) throw new Error('that is no ResNet')
    return {
      async run({ images }) {
        if (images.shape.join() !== '1,3,32,32' || images.data[1] !== Math.fround(Math.sin(3))) throw new Error('no image')
        return { t: logits }
      },
    }
  },
}
`,
    )
    return path
  }

  test('tells how an installed rival did', async () => {
    const images = new Float32Array(32 * 32 * 3).map((_, i) => Math.sin(i))
    const model = untrainedModel(architecture('resnet8'), { build: 'simd128' })
    const cwd = await withRival('agreeing', await model.logits(images, 1))
    const json = await residual([...call, '--json'], { cwd })
    expect(json).toMatchObject({ status: 0, stderr: '' })
    expect(objectsIn(json)[0].compared).toEqual({
      name: 'onnxruntime-web',
      version: '1.2.3',
      milliseconds: { min: expect.any(Number), median: expect.any(Number) },
      ratio: expect.any(Number),
      difference: 0,
    })
    const { stdout } = await residual(call, { cwd })
    expect(stdout).toMatch(
      /\nrival +onnxruntime-web 1\.2\.3: fastest .* ms, median .* ms, .* x ours; logits differ by 0 of/,
    )
  })

  test.each([
    [
      'says what to do where there is none',
      undefined,
      /onnxruntime-web is not installed here; run 'npm install onnxruntime-web' in this folder\n$/,
    ],
    [
      'refuses a rival that computes something else',
      Array(10).fill(0),
      /the logits of onnxruntime-web differ from ours by .*% of their size\n$/,
    ],
  ])('%s', async (_, logits, message) => {
    const cwd = logits ? await withRival('differing', logits) : folder
    const run = await residual(call, { cwd })
    expect(run).toMatchObject({ status: 1, stdout: '' })
    expect(run.stderr).toMatch(message)
    expect(run.stderr).toMatch(/^error: --compare: .*\n$/)
  })
})

describe('help', () => {
  test.each(['classify', 'embed', 'eval', 'deepen', 'ablate', 'pull', 'summary', 'graph', 'list', 'bench'])(
    'of %s shows an example',
    async command => {
      const run = await residual([command, '--help'])
      expect(run).toMatchObject({ status: 0, stderr: '' })
      expect(run.stdout).toContain(`\nExample:\n  $ residual ${command}`)
      expect(run.stdout).toContain('--json')
      expect(await residual(['help', command])).toEqual(run)
    },
  )

  test('names the most pixels that an image may have by default', async () => {
    const { stdout } = await residual(['eval', '--help'])
    const said = stdout.replace(/\s+/g, ' ')
    expect(said).toContain(`(default: ${DEFAULT_MAX_PIXELS.toLocaleString('en')})`)
    const tooMany = await residual(['classify', 'cat.jpg', '--max-pixels', String(MAX_PIXELS + 1)])
    expect(tooMany.stderr).toContain(`Wanted a whole number from 1 to ${MAX_PIXELS}.`)
  })

  test('is what the command alone gives', async () => {
    const run = await residual([])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(await residual(['--help'])).toEqual(run)
  })

  test('loads neither kernels nor sharp', async () => {
    const run = await residual(['--help'], { env: { NODE_DEBUG: 'esm,module' } })
    expect(run.stderr).toContain('commander')
    expect(run.stderr).not.toMatch(/kernels-wasm|sharp/)
  })

  test('knows the version', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8'))
    expect((await residual(['--version'])).stdout).toBe(`${version}\n`)
  })
})
