import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImageFiles, loadBatches, VisionError } from '../../src/index.ts'
import { node } from '../../tsup.config.ts'
import { asBytes, collect, noise } from './sources.ts'

/** All workers that were started and have not ended. */
const workers = new Set<Worker>()
const remember = (worker: Worker) => {
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
}
beforeAll(() => process.on('worker', remember))
afterAll(() => process.off('worker', remember))

const source = noise(12)
const options = { batch: 4, to: 30, augment: { padAndCrop: 2 }, ...asBytes }
const goOn = 'continue from the last step, with worker: false if it happens again'

describe('the worker', () => {
  test('starts with the loop and has ended after it', async () => {
    const batches = loadBatches(source, options)
    expect(workers.size).toBe(0)
    for await (const { step } of batches) expect([step, workers.size]).toEqual([step, 1])
    expect(workers.size).toBe(0)
  })

  test.each<[string, () => Promise<unknown>]>([
    [
      'break',
      async () => {
        for await (const _ of loadBatches(source, options)) break
      },
    ],
    [
      'an error of the caller',
      async () => {
        const failing = async () => {
          for await (const _ of loadBatches(source, options)) throw new Error('mine')
        }
        await expect(failing()).rejects.toThrow('mine')
      },
    ],
    [
      'return before the end of an endless loop',
      async () => {
        const batches = loadBatches(source, { ...options, to: Number.POSITIVE_INFINITY })
        for (let step = 0; step < 9; step++) expect((await batches.next()).value?.step).toBe(step)
        await batches.return()
        expect(await batches.next()).toEqual({ done: true, value: undefined })
      },
    ],
  ])('is stopped by %s', async (_, use) => {
    await use()
    expect(workers.size).toBe(0)
  })

  test('is not started for no steps, with worker: false, or before the first batch is needed', async () => {
    const started: Worker[] = []
    const count = (worker: Worker) => started.push(worker)
    process.on('worker', count)
    await collect(loadBatches(source, { ...options, from: 30 }))
    await collect(loadBatches(source, { ...options, worker: false }))
    await loadBatches(source, options).return()
    process.off('worker', count)
    expect(started).toEqual([])
  })

  test('prepares no more batches than `ahead` allows', async () => {
    const images = new Uint8Array(new SharedArrayBuffer(source.images.length))
    const batches = loadBatches({ ...source, images }, { ...options, ahead: 2 })
    await batches.next()
    // Enough time to make all batches.
    await setTimeout(200)
    images.fill(255)
    const rest = (await collect(batches)).map(batch => batch.images.some(value => value > 254))
    expect(rest).toHaveLength(29)
    expect(rest.slice(2)).toEqual(new Array(27).fill(true))
  })

  test.each([
    ['while a batch is waited for', 0],
    ['while a batch is used', 1],
  ])('causes an error if it is killed %s', async (_, taken) => {
    // The images are so large that few batches are ready.
    const batches = loadBatches(source, { ...options, crop: 1000, to: 100 })
    for (let step = 0; step < taken; step++) await batches.next()
    const next = taken === 0 ? collect(batches) : undefined
    while (workers.size === 0) await setTimeout(1)
    const [worker] = workers
    await worker.terminate()
    const error = await (next ?? collect(batches)).catch(error => error)
    expect(error).toBeInstanceOf(VisionError)
    // Node reports one code or another, depending on how far the worker was.
    const message = `the worker that loads images ended unexpectedly (exit code N); ${goOn}`
    expect(error.message.replace(/code \d/, 'code N')).toBe(message)
    expect(await batches.next()).toEqual({ done: true, value: undefined })
  })

  test('reports an unreadable file with the same error as without a worker', async () => {
    const files: ImageFiles = {
      length: 2,
      classes: ['a'],
      labels: [0, 0],
      files: ['/nowhere/a.png', '/nowhere/a.png'],
    }
    for (const worker of [true, false]) {
      const batches = collect(loadBatches(files, { batch: 2, crop: 8, worker, ...asBytes }))
      await expect(batches).rejects.toEqual(new VisionError('/nowhere/a.png: no such file or folder'))
    }
    expect(workers.size).toBe(0)
  })

  test('reads files in memory', async () => {
    const bitmap = bmp()
    const files = [bitmap, new Blob([bitmap]), new File([bitmap], 'a.bmp')]
    const source = { length: 3, classes: ['a'], labels: [0, 0, 0], files }
    const load = (worker: boolean) => collect(loadBatches(source, { batch: 3, crop: 4, worker, ...asBytes }))
    const [batch] = await load(true)
    expect([batch]).toEqual(await load(false))
    expect(new Set(batch.images.map(Math.round))).toEqual(new Set([30, 20, 10]))
  })
})

/** A bitmap with 2 x 2 pixels, all with red 30, green 20 and blue 10. */
function bmp(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(54 + 16)
  const view = new DataView(bytes.buffer)
  bytes.set([0x42, 0x4d])
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, 2],
    [22, 2],
  ])
    view.setUint32(at, value, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 24, true)
  for (const row of [54, 62]) bytes.set([10, 20, 30, 10, 20, 30], row)
  return bytes
}

describe('in the build for Node', () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    const entry = Object.fromEntries(
      Object.entries(node.entry as Record<string, string>).map(([name, path]) => [
        name,
        fileURLToPath(new URL(`../../${path}`, import.meta.url)),
      ]),
    )
    await build({ ...node, config: false, dts: false, entry, outDir: folder, external: ['sharp'], silent: true })
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (script: string, ...flags: string[]) => {
    const whole = `
      import { loadBatches } from '${join(folder, 'index.js')}'
      const source = { length: 8, width: 2, height: 2, classes: ['a'], labels: new Array(8).fill(0), images: new Uint8Array(96) }
      const batches = loadBatches(source, { batch: 4, to: 1000, mean: [0, 0, 0], std: [1, 1, 1] })
      ${script}`
    const args = [...flags, '--input-type=module', '--eval', whole]
    return execFileSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  }

  test.each([
    ['a whole loop', `let n = 0; for await (const _ of batches) n++; console.log(n)`, '1000\n'],
    [
      'a loop that is left',
      `for await (const { step } of batches) if (step === 3) break; console.log('left')`,
      'left\n',
    ],
    ['batches that are never finished', `console.log((await batches.next()).value.step)`, '0\n'],
    ['a batch that nobody awaits', `batches.next().then(() => console.log('came'))`, 'came\n'],
  ])('a process ends after %s, and not before', (_, script, printed) => {
    expect(run(script)).toBe(printed)
  })

  test('a process that may not start workers gets an error', () => {
    const script = `console.log(String(await batches.next().catch(error => error)))`
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
    const printed = run(script, flag, '--allow-fs-read=*')
    expect(printed).toMatch(/^VisionError: cannot start a worker \(.+\); try worker: false\n$/)
  })
})
