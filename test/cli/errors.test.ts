import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cifar10Classes } from '@residual/vision'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { residual, root } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  const cat = await readFile(join(root, 'images/cat.jpg'))
  const files: Record<string, string | Uint8Array> = {
    'cat.jpg': cat,
    'cut.jpg': cat.subarray(0, 3000),
    // The first half of an image of one pixel.
    'cut.png': Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk', 'base64'),
    'empty.png': '',
    'svg.avif': '<!--ftypavif--><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    'page.html': '<!DOCTYPE html><html><body>Not found</body></html>',
    'bad.safetensors': 'tensors',
    'empty.pth': '',
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  await mkdir(join(folder, 'nothing'))
  for (const name of cifar10Classes) await cp(join(folder, 'cat.jpg'), join(folder, 'folder', name, 'cat.jpg'))
  await mkdir(join(folder, 'model'))
  await writeFile(join(folder, 'model/config.json'), '{')
})
afterAll(() => rm(folder, { recursive: true }))

const model = join(root, 'packages/resnet/models/cifar10-resnet20/model.safetensors')

/** Calls that use the command wrongly, and the one line that they print. */
const usage: [arguments_: string[], error: string][] = [
  [['clasify'], "unknown command 'clasify' (Did you mean classify?)"],
  [['help', 'clasify'], "unknown command; 'residual --help' lists them"],
  [['--frob'], "unknown option '--frob'"],
  [['classify'], "missing required argument 'image'"],
  [['embed'], "missing required argument 'image'"],
  [['classify', 'cat.jpg', '--top', '3'], "unknown option '--top' (Did you mean --topk?)"],
  [['classify', 'cat.jpg', '--model'], "option '--model <model>' argument missing"],
  [['eval'], "required option '--data <path>' not specified"],
  [['summary'], "missing --arch <name> or --model <model>; 'residual list' shows what there is"],
  [['bench'], "missing --arch <name> or --model <model>; 'residual list' shows what there is"],
  [['list', 'all'], "too many arguments for 'list'. Expected 0 arguments but got 1."],
  [
    ['summary', '--arch', 'resnet51'],
    '--arch: unknown architecture "resnet51" (CIFAR networks have 6n+2 layers); the nearest names are resnet50, resnet56, resnet18',
  ],
  [
    ['classify', 'cat.jpg', '--arch', 'vgg'],
    '--arch: unknown architecture "vgg"; the nearest names are plain18, plain34, plain20',
  ],
  [
    ['classify', 'cat.jpg', '--build', 'avx'],
    "option '--build <build>' argument 'avx' is invalid. Allowed choices are simd128, relaxed.",
  ],
  [
    ['eval', '--data', '.', '--split', 'val'],
    "option '--split <split>' argument 'val' is invalid. Allowed choices are test, train.",
  ],
  ...['0', '65', '-1', '1.5', 'two', '', '1e1'].map((value): [string[], string] => [
    ['classify', 'cat.jpg', '--threads', value],
    `option '--threads <n>' argument '${value}' is invalid. Wanted a whole number from 1 to 64.`,
  ]),
  [
    ['classify', 'cat.jpg', '--topk', '0'],
    "option '--topk <n>' argument '0' is invalid. Wanted a whole number from 1 to 1000000.",
  ],
  [
    ['eval', '--data', '.', '--limit', '0'],
    "option '--limit <n>' argument '0' is invalid. Wanted a whole number from 1 to 1000000000.",
  ],
  [
    ['bench', '--arch', 'resnet8', '--input', '0'],
    "option '--input <side>' argument '0' is invalid. Wanted a whole number from 1 to 16384.",
  ],
  [
    ['bench', '--arch', 'resnet50', '--batch', '100000'],
    '--batch 100000: that many images of 224 x 224 do not fit into 4 GB',
  ],
  ...['.5', '.5,.5', '.5,,.5', '.5,.5,.5,.5', 'a,b,c', 'NaN,0,0', 'Infinity,0,0'].map((value): [string[], string] => [
    ['classify', 'cat.jpg', '--mean', value],
    `option '--mean <r,g,b>' argument '${value}' is invalid. Wanted three numbers, as in .485,.456,.406.`,
  ]),
  [
    ['classify', 'cat.jpg', '--std', '.5,0,.5'],
    "option '--std <r,g,b>' argument '.5,0,.5' is invalid. Wanted three numbers above 0, as in .485,.456,.406.",
  ],
]

/** Calls that name something that is missing or damaged, and the one line that they print. */
const failures: [arguments_: string[], error: string][] = [
  [['classify', 'dog.jpg'], 'dog.jpg: no such file'],
  [['classify', ''], "'': no such file"],
  [['classify', 'two\nlines.jpg'], 'two\\nlines.jpg: no such file'],
  [['classify', 'bell\u0007.jpg'], 'bell\\u0007.jpg: no such file'],
  [['classify', '*.gif'], '*.gif: no file matches the pattern'],
  [['classify', 'nothing'], 'nothing: the folder holds no images (jpg, jpeg, png, webp, gif, bmp, tif, tiff, avif)'],
  [['embed', 'empty.png'], 'empty.png: the file is empty'],
  [
    ['embed', 'cut.jpg'],
    'cut.jpg: cannot decode this JPEG file, it is damaged, cut short or of a rare kind (VipsJpeg: premature end of JPEG image); get it again or save it as PNG',
  ],
  [
    ['classify', 'cut.png'],
    'cut.png: cannot decode this PNG file, it is damaged, cut short or of a rare kind (vipspng: libpng read error); get it again or save it as PNG',
  ],
  [
    ['classify', 'svg.avif'],
    'svg.avif: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
  ],
  ...[['classify'], ['embed'], ['explain']].map(([command]): [string[], string] => [
    [command, 'cat.jpg', '--max-pixels', '10'],
    'cat.jpg: 320 x 213 are more than the allowed 10 pixels; shrink it first, or raise maxPixels (--max-pixels)',
  ]),
  [
    ['eval', '--data', 'folder', '--max-pixels', '10'],
    'folder/airplane/cat.jpg: 320 x 213 are more than the allowed 10 pixels; shrink it first, or raise maxPixels (--max-pixels)',
  ],
  [
    ['classify', 'page.html'],
    'page.html: not an image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP); save it as PNG or JPEG',
  ],
  [
    ['classify', 'cat.jpg', '--model', 'dog.pth'],
    'there is no model at "dog.pth": give a file, a model directory or an embedded model (cifar10-resnet20)',
  ],
  [
    ['classify', 'cat.jpg', '--model', 'resnet50'],
    'there is no model at "resnet50": resnet50 is an architecture; give its weights as the model',
  ],
  [['classify', 'cat.jpg', '--model', 'nothing'], 'nothing holds no model.safetensors and no pytorch_model.bin'],
  [['classify', 'cat.jpg', '--model', 'model'], 'model: config.json is not JSON'],
  [
    ['classify', 'cat.jpg', '--model', 'page.html'],
    'page.html: this is a web page, not weights; the download may need another address',
  ],
  [
    ['classify', 'cat.jpg', '--model', 'cat.jpg'],
    'cat.jpg: this is neither a safetensors file nor a PyTorch checkpoint',
  ],
  [['classify', 'cat.jpg', '--model', 'empty.pth'], 'empty.pth: the file is empty'],
  [
    ['classify', 'cat.jpg', '--model', 'bad.safetensors'],
    'bad.safetensors: this is neither a safetensors file nor a PyTorch checkpoint',
  ],
  [
    ['classify', 'cat.jpg', '--arch', 'resnet32'],
    'cifar10-resnet20: the weights do not fit the network: 60 missing ("layer1.3.conv1.weight", "layer1.3.bn1.weight", "layer1.3.bn1.bias" and 57 more)',
  ],
  [
    ['classify', 'cat.jpg', '--model', model, '--arch', 'resnet18'],
    `${model}: the weights do not fit the network: 35 missing ("layer2.0.downsample.0.weight", "layer2.0.downsample.1.weight", "layer2.0.downsample.1.bias" and 32 more); 30 unexpected ("layer1.2.bn1.bias", "layer1.2.bn1.running_mean", "layer1.2.bn1.running_var" and 27 more); 66 of another shape ("conv1.weight" is [16,3,3,3], not [64,3,7,7], "bn1.weight" is [16], not [64], "bn1.bias" is [16], not [64] and 63 more)`,
  ],
  [
    ['summary', '--model', 'bad.safetensors'],
    'bad.safetensors: this is neither a safetensors file nor a PyTorch checkpoint',
  ],
  [
    ['bench', '--model', 'bad.safetensors'],
    'bad.safetensors: this is neither a safetensors file nor a PyTorch checkpoint',
  ],
  [
    ['bench', '--arch', 'resnet50', '--batch', '1000'],
    `memory: 6891 MB more do not fit into WebAssembly's memory (4 GB); use a smaller batch or input, or dispose of models`,
  ],
  [['eval', '--data', 'dog.tar.gz'], 'dog.tar.gz: no such file or folder'],
  [
    ['eval', '--data', 'nothing'],
    "nothing: holds neither the .bin files of CIFAR's binary version nor a folder for each class",
  ],
  [['eval', '--data', 'page.html'], 'page.html: 50 bytes are neither a .tar.gz nor a whole number of CIFAR records'],
]

test.each(usage)('%j exits 2', async (arguments_, error) => {
  expect(await residual(arguments_, { cwd: folder })).toEqual({ status: 2, stdout: '', stderr: `error: ${error}\n` })
})

test.each(failures)('%j exits 1', async (arguments_, error) => {
  expect(await residual(arguments_, { cwd: folder })).toEqual({ status: 1, stdout: '', stderr: `error: ${error}\n` })
})

test('the stack is shown only on request', async () => {
  const { stderr } = await residual(['classify', 'dog.jpg'], { cwd: folder, env: { RESIDUAL_DEBUG: '1' } })
  expect(stderr).toMatch(/^error: dog\.jpg: no such file\nCommandError: .*\n +at /)
})

test('a reader that stops early is not a failure', async () => {
  const child = spawn(process.execPath, [join(root, 'packages/cli/dist/cli.js'), 'list'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const errors: Buffer[] = []
  child.stderr.on('data', chunk => errors.push(chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(Buffer.concat(errors).toString()).toBe('')
})
