import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TrainOptions, train } from '@residual/train'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { images } from '../../train/test/images.ts'
import { degrade } from '../src/index.ts'

let folder: string
let made = 0
const directory = () => join(folder, String(made++))
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-folder-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Two epochs of three steps. */
const small: TrainOptions = {
  ...{ arch: 'resnet8', data: images(12), worker: false },
  recipe: { epochs: 2, batch: 4, schedule: { rate: 0.05 }, augmentation: {} },
}

async function through(options: TrainOptions): Promise<void> {
  for await (const _ of train(options));
}

const lockIn = (out: string) => join(out, '.training.lock')

const inUse = (out: string, pid: number) =>
  expect.objectContaining({
    name: 'TrainingError',
    message: `${JSON.stringify(out)} is in use by a training in process ${pid} on host ${JSON.stringify(hostname())}; wait for it to end, or give another directory; if that process has ended, remove ${JSON.stringify(lockIn(out))}`,
  })

describe('a directory that is trained into', () => {
  test('takes no other training, new or resumed', async () => {
    const out = directory()
    for await (const { kind } of train({ ...small, out })) {
      if (kind !== 'epoch') continue
      await expect(through({ ...small, out })).rejects.toThrow(inUse(out, process.pid))
      await expect(through({ ...small, out: `${out}/`, resume: true })).rejects.toThrow(inUse(out, process.pid))
    }
    expect((await readFile(join(out, 'log.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(2)
  })

  test.each<[how: string, end: (out: string) => Promise<unknown>]>([
    ['it ends', out => through({ ...small, out })],
    ['it is aborted', out => through({ ...small, out, signal: AbortSignal.abort() })],
    [
      'the loop is left',
      async out => {
        for await (const event of train({ ...small, out })) if (event.step === 2) break
      },
    ],
    [
      'the loop throws',
      async out => {
        const seen = (async () => {
          for await (const event of train({ ...small, out })) if (event.step === 2) throw new Error('enough')
        })()
        await expect(seen).rejects.toThrow('enough')
      },
    ],
    [
      'the training fails',
      async out => {
        const recipe = { ...(small.recipe as object), schedule: { rate: 1e30 } }
        await expect(through({ ...small, recipe, out })).rejects.toThrow('the loss is')
      },
    ],
    [
      'it cannot begin',
      async out => {
        await mkdir(out)
        await writeFile(join(out, 'model.safetensors'), '')
        await expect(through({ ...small, out })).rejects.toThrow('holds a model; give another directory')
        await rm(join(out, 'model.safetensors'))
      },
    ],
    [
      'there is nothing to resume',
      async out => {
        await mkdir(out)
        await expect(through({ ...small, out, resume: true })).rejects.toThrow('holds no training to resume')
      },
    ],
    [
      'its program cannot be made',
      out => expect(through({ ...small, out, threads: 65 })).rejects.toThrow('threads: got 65'),
    ],
  ])('is free again when %s', async (_, end) => {
    const out = directory()
    await end(out)
    expect(existsSync(lockIn(out))).toBe(false)
    const resume = existsSync(join(out, 'checkpoint.safetensors'))
    await through({ ...small, out, resume })
  })

  test('by a process is taken over once that process is killed, and not before', async () => {
    const out = directory()
    await mkdir(out)
    // Another process that claims the directory, as a training does.
    const script = `const { readFileSync, writeFileSync } = require('fs')
      const fields = process.platform === 'linux' ? readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ') : []
      writeFileSync(${JSON.stringify(lockIn(out))}, JSON.stringify(
        { host: require('os').hostname(), pid: process.pid, started: fields[19], id: '0123abcd' }))
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await expect(through({ ...small, out })).rejects.toThrow(inUse(out, child.pid!))
    child.kill('SIGKILL')
    await once(child, 'close')
    await through({ ...small, out })
    expect((await readdir(out)).filter(name => name.includes('lock'))).toEqual([])
  })

  test('is locked for all trainings of a degradation', async () => {
    const out = directory()
    const options = {
      data: small.data,
      depths: [8],
      families: ['plain' as const],
      changes: small.recipe as object,
      out,
    }
    for await (const event of degrade(options)) {
      if (event.kind !== 'network') continue
      // No training is under way, but the next one is to come.
      await expect(degrade({ ...options, resume: true }).next()).rejects.toThrow(inUse(out, process.pid))
      await expect(through({ ...small, out })).rejects.toThrow(inUse(out, process.pid))
    }
    expect(existsSync(lockIn(out))).toBe(false)
  })
})

/** Linux shows which file is synced to the disk. */
describe.runIf(process.platform === 'linux')('on the disk', () => {
  afterEach(() => vi.restoreAllMocks())

  test('every checkpoint comes after the log lines of its epochs', async () => {
    const out = directory()
    const synced: { file: string; lines: number; checkpoints: number }[] = []
    const checkpoints = new Set<number>()
    const handle = await open(process.execPath)
    const prototype: FileHandle = Object.getPrototypeOf(handle)
    await handle.close()
    const sync = prototype.sync
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`)
      await sync.call(this)
      if (!path.startsWith(out)) return
      const checkpoint = readdirSync(out).includes('checkpoint.safetensors')
      if (checkpoint) checkpoints.add(statSync(join(out, 'checkpoint.safetensors')).ino)
      const log = path.endsWith('log.jsonl') ? await readFile(path, 'utf8') : ''
      synced.push({ file: basename(path), lines: log.split('\n').length - 1, checkpoints: checkpoints.size })
    })
    await through({ ...small, out })
    const logged = synced.filter(({ file }) => file === 'log.jsonl')
    expect(logged).toEqual([
      { file: 'log.jsonl', lines: 1, checkpoints: 0 },
      { file: 'log.jsonl', lines: 2, checkpoints: 1 },
    ])
    // The entry of the new file is on the disk before the first checkpoint is.
    const order = synced.map(({ file }) => file)
    const first = order.indexOf('log.jsonl')
    expect(order[first + 1]).toBe(basename(out))
    expect(order).toContain((await readdir(out)).find(name => name.startsWith('events')))
  })
})
