import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parts } from './parts.ts'

type Package = typeof import('../src/index.ts')
type Files = typeof import('../src/files/index.ts')
type Pull = typeof import('@residual/vision/pull')
type Processes = typeof import('@residual/vision/processes')

describe('in browsers', () => {
  let folder: string
  let load: (name: string) => Promise<unknown>
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residual-'))
    const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
    const contents = `
      export * as resnet from '${at('../src/index.ts')}'
      export * as files from '${at('../src/files/index.ts')}'
      export * as pull from '@residual/vision/pull'
      export * as processes from '@residual/vision/processes'
    `
    const outfile = join(folder, 'bundle.mjs')
    await build({
      stdin: { contents, resolveDir: at('.') },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['development'],
      logLevel: 'error',
      outfile,
    })
    const bundle = await import(pathToFileURL(outfile).href)
    load = async name => bundle[name]
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const unwritable = { name: 'CheckpointError', message: 'cannot write "model": there is no file system here' }
  const refuse = () => new Error('taken')

  test.each<[name: string, write: (files: Files) => Promise<unknown>]>([
    ['replaceFile', files => files.replaceFile('model', new Uint8Array(1))],
    ['appendToFile', files => files.appendToFile('model', 'text')],
    ['makeDirectory', files => files.makeDirectory('model')],
    ['takeLock', files => files.takeLock('model', { refuse })],
  ])('%s reports that there is no file system', async (_, write) => {
    await expect(write((await load('files')) as Files)).rejects.toEqual(expect.objectContaining(unwritable))
  })

  test('saveModel reports that there is no file system', async () => {
    const { Model, saveModel } = (await load('resnet')) as Package
    await expect(saveModel('model', new Model(parts()))).rejects.toEqual(expect.objectContaining(unwritable))
  })

  test('models are only loaded from URLs', async () => {
    const { loadModel } = (await load('resnet')) as Package
    const path = new URL('../models/cifar10-resnet20/model.safetensors', import.meta.url)
    const model = await loadModel(`data:;base64,${readFileSync(path).toString('base64')}`)
    expect(model.architecture.name).toBe('resnet20')
    await expect(loadModel('model.pth')).rejects.toThrow('model.pth: is not a URL')
  })

  const noCache = {
    name: 'PullError',
    message: 'there is no cache folder here; give the data as a URL or Blob',
  }

  test.each<[name: string, use: (pull: Pull) => Promise<unknown>]>([
    ['cacheDirectory', ({ cacheDirectory }) => cacheDirectory()],
    ['pull', ({ pull }) => pull('cifar10')],
    ['pulledPath', ({ pulledPath }) => pulledPath('cifar10')],
    ['openNamedData', ({ openNamedData }) => openNamedData('cifar10', { split: 'test' })],
  ])('%s reports that there is no cache', async (_, use) => {
    await expect(use((await load('pull')) as Pull)).rejects.toEqual(expect.objectContaining(noCache))
  })

  test('drawn data is available', async () => {
    const { openNamedData } = (await load('pull')) as Pull
    expect((await openNamedData('shapes', { split: 'test' }))?.length).toBeGreaterThan(0)
  })

  test('there are no processes', async () => {
    const { hasEnded, thisProcess } = (await load('processes')) as Processes
    const error = { name: 'VisionError', message: 'there are no processes here' }
    await expect(thisProcess()).rejects.toEqual(expect.objectContaining(error))
    await expect(hasEnded({ host: 'a', pid: 1 })).rejects.toEqual(expect.objectContaining(error))
  })
})
