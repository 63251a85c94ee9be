import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeCifar } from './cifar.ts'
import { objectsIn, residual, root, start } from './residual.ts'

let folder: string
let data: string
let made = 0
const directory = () => join(folder, `out-${made++}`)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  data = await writeCifar(join(folder, 'cifar'))
  const schedule = { kind: 'constant', rate: 0.03 }
  await writeFile(
    join(folder, 'own.json'),
    JSON.stringify({ epochs: 1, batch: 5, optimizer: { kind: 'lamb' }, schedule }),
  )
  await writeFile(join(folder, 'bad.json'), JSON.stringify({ epochs: 1, lr: 0.1 }))
  await writeFile(join(folder, 'list.json'), '[]')
  await writeFile(join(folder, 'half.json'), '{')
})
afterAll(() => rm(folder, { recursive: true }))

/** Two epochs of five steps. */
const small = (out: string, ...more: string[]) => [
  'train',
  ...['--arch', 'resnet8', '--data', data, '--out', out, '--epochs', '2', '--batch', '9', '--lr', '0.05'],
  ...more,
]

describe('train', () => {
  test('prints one JSON object for each epoch, with exactly these keys, and leaves a model', async () => {
    const out = directory()
    const run = await residual(small(out, '--json'))
    expect(run).toMatchObject({ status: 0, stderr: '' })
    const objects = objectsIn(run)
    const numbers = Object.fromEntries(
      ['lr', 'trainLoss', 'trainTop1', 'testLoss', 'testTop1', 'imagesPerSecond'].map(key => [key, expect.any(Number)]),
    )
    expect(objects).toEqual([
      { epoch: 1, step: 5, ...numbers },
      { epoch: 2, step: 10, ...numbers },
    ])
    expect(Object.keys(objects[0])).toEqual(['epoch', 'step', ...Object.keys(numbers)])
    expect(await readFile(join(out, 'log.jsonl'), 'utf8')).toBe(run.stdout)
    const evaluated = objectsIn(await residual(['eval', '--model', out, '--data', data, '--json']))[0]
    expect(evaluated).toMatchObject({ model: 'out-0', images: 9, top1: objects[1].testTop1 })
    const classified = await residual(['classify', 'images/cat.jpg', '--model', out, '--json'])
    expect(objectsIn(classified)).toHaveLength(1)
  })

  test('shows its progress', async () => {
    const out = directory()
    const { stdout, stderr, status } = await residual(small(out, '--build', 'simd128'))
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const lines = stdout
      .replace(/\d+ MB/, 'N MB')
      .replace(/[\d.]+%/g, 'N%')
      .replace(/ [\d.]+(?= top1)/g, ' N')
    expect(
      lines
        .replace(/[\d,]+ images\/s/g, 'N images/s')
        .replace(/lr [\d.]+/g, 'lr N')
        .split('\n'),
    ).toEqual([
      'resnet8  75,290 parameters to train, 45 images',
      'to step 10, 2 epochs; simd128, 1 thread, N MB',
      'epoch 1  train loss N top1 N%  test loss N top1 N%  lr N  N images/s',
      'epoch 2  train loss N top1 N%  test loss N top1 N%  lr N  N images/s',
      `The model is in ${out}: residual classify --model ${out} image.jpg`,
      '',
    ])
  })

  test('takes custom recipes, seeds and limits', async () => {
    const lossOf = async (...more: string[]) => {
      const options = ['--arch', 'resnet8', '--data', data, '--out', directory(), '--recipe', join(folder, 'own.json')]
      return objectsIn(await residual(['train', ...options, '--json', ...more]))[0]
    }
    const first = await lossOf()
    expect(first).toMatchObject({ epoch: 1, step: 9, lr: 0.03 })
    expect((await lossOf()).trainLoss).toBe(first.trainLoss)
    expect((await lossOf('--threads', '2')).trainLoss).toBe(first.trainLoss)
    expect((await lossOf('--seed', '1')).trainLoss).not.toBe(first.trainLoss)
    expect(await lossOf('--limit', '20', '--schedule', 'one-cycle')).toMatchObject({ step: 4 })
  })

  test.each<[arguments_: string[], error: string, status: number]>([
    [
      ['--arch', 'resnet9'],
      '--arch: unknown architecture "resnet9" (CIFAR networks have 6n+2 layers); the nearest names are resnet18, resnet34, resnet50',
      2,
    ],
    [
      ['--epochs', '0'],
      "option '--epochs <n>' argument '0' is invalid. Wanted a whole number from 1 to 1000000000.",
      2,
    ],
    [['--lr', 'high'], "option '--lr <rate>' argument 'high' is invalid. Wanted a number of at least 0.", 2],
    [
      ['--schedule', 'linear'],
      "option '--schedule <name>' argument 'linear' is invalid. Allowed choices are cosine, step, one-cycle, constant.",
      2,
    ],
    [['--recipe', 'slow'], 'unknown recipe "slow"; the recipes are fast, paper, finetune, or a JSON file', 1],
    [
      ['--recipe', 'FOLDER/bad.json'],
      'FOLDER/bad.json: got the unknown key "lr", wanted some of epochs, steps, batch, accumulate, optimizer, schedule, clip, ema, labelSmoothing, stochasticDepth, zeroInitResidual, initialization, layerRate, augmentation',
      1,
    ],
    [['--recipe', 'FOLDER/list.json'], 'FOLDER/list.json holds no JSON object', 1],
    [['--recipe', 'FOLDER/half.json'], 'FOLDER/half.json is not JSON', 1],
    [['--recipe', 'FOLDER/none.json'], 'there is no recipe at "FOLDER/none.json"', 1],
    [['--data', 'FOLDER/none'], 'FOLDER/none: no such file or folder', 1],
    [['--limit', '5'], '5 images do not fill a batch of 9; use a smaller batch', 1],
    [['--resume'], '"FOLDER/out" holds no training to resume; leave out resume to begin one', 1],
    [['--out', 'FOLDER/own.json'], 'cannot write "FOLDER/own.json": there is a file with that name', 1],
  ])('%j fails', async (more, error, status) => {
    const inFolder = (text: string) => text.replaceAll('FOLDER', folder)
    const run = await residual(small(join(folder, 'out'), ...more.map(inFolder)))
    expect(run).toEqual({ status, stdout: '', stderr: `error: ${inFolder(error)}\n` })
  })
})

describe('a training that is stopped', () => {
  let straight: string
  beforeAll(async () => {
    straight = directory()
    await residual(small(straight, '--epochs', '4'))
  }, 60_000)

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s has saved, exits with status %d, and continues to the same bits', async (signal, status) => {
    const out = directory()
    const { child, ended } = start(small(out, '--epochs', '4', '--json'))
    // The second epoch has begun.
    await once(child.stdout, 'data')
    // `timeout` sends it to the process and to its group.
    child.kill(signal)
    child.kill(signal)
    const run = await ended
    expect(run.status).toBe(status)
    expect(run.stderr).toMatch(/^stopped after step \d+ and saved; continue with --resume\n$/)
    expect(await residual(small(out, '--epochs', '4', '--resume'))).toMatchObject({ status: 0, stderr: '' })
    for (const file of ['checkpoint.safetensors', 'model.safetensors']) {
      const [one, other] = await Promise.all([straight, out].map(path => readFile(join(path, file))))
      expect(one.equals(other), file).toBe(true)
    }
  })

  test('by being killed continues from its last checkpoint, to the same bits', async () => {
    const options = ['--epochs', '6', '--checkpoint-every', '1']
    const straight = directory()
    await residual(small(straight, ...options))
    const out = directory()
    let resume: string[] = []
    for (let i = 0; i < 4; i++) {
      const { child, ended } = start(small(out, ...options, ...resume))
      const timer = setTimeout(() => child.kill('SIGKILL'), 400 + 150 * i)
      await ended
      clearTimeout(timer)
      const files = await readdir(out).catch((): string[] => [])
      if (files.includes('checkpoint.safetensors')) resume = ['--resume']
      else await rm(out, { recursive: true, force: true })
    }
    expect(await residual(small(out, ...options, ...resume))).toMatchObject({ status: 0, stderr: '' })
    const log = async (path: string) =>
      (await readFile(join(path, 'log.jsonl'), 'utf8')).split('\n').map(line => line.replace(/,"imagesPerSecond.*/, ''))
    expect(await log(out)).toEqual(await log(straight))
    const [one, other] = await Promise.all([straight, out].map(path => readFile(join(path, 'checkpoint.safetensors'))))
    expect(one.equals(other)).toBe(true)
  })

  test('by a full disk keeps its old checkpoint', async () => {
    const out = directory()
    expect(await residual(small(out, '--recipe', 'paper'))).toMatchObject({ status: 0 })
    const before = await readFile(join(out, 'checkpoint.safetensors'))
    // No file may be larger than 100 blocks of 1 kB, which is less than the checkpoint takes.
    const again = small(out, '--recipe', 'paper', '--resume').map(word => `'${word}'`)
    const command = `ulimit -f 100; exec '${process.execPath}' '${root}packages/cli/dist/cli.js' ${again.join(' ')}`
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] })
    const errors: Buffer[] = []
    child.stderr.on('data', chunk => errors.push(chunk))
    expect(await once(child, 'close')).toEqual([1, null])
    expect(Buffer.concat(errors).toString()).toBe(
      `error: cannot write "${out}/model.safetensors": the file would be larger than is allowed; the old file is unchanged\n`,
    )
    expect((await readFile(join(out, 'checkpoint.safetensors'))).equals(before)).toBe(true)
    expect((await readdir(out)).filter(name => name.endsWith('.tmp'))).toEqual([])
  })
})
