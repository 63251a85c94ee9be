import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { architecture, defaultPreprocessing, loadModel, Model, saveModel } from '@residual/resnet'
import { initialParameters, readRecipeFile, train } from '@residual/train'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { images } from '../../train/test/images.ts'
import { saveReport } from '../src/index.ts'

/** A small network with these labels, all of whose weights are the number of the first. */
function modelOf(...labels: string[]): Model {
  const arch = { ...architecture('resnet8'), classes: labels.length }
  const preprocessing = defaultPreprocessing(arch.family)
  const value = labels[0].charCodeAt(0)
  const parameters = new Map(Array.from(initialParameters(arch), ([name, values]) => [name, values.fill(value)]))
  return new Model({ name: 'model', architecture: arch, labels, preprocessing, parameters })
}

let folder: string
let socket: Server
let saved: string
const at = (...parts: string[]) => join(folder, ...parts)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-files-'))
  saved = at('saved')
  await saveModel(saved, modelOf('a', 'b', 'c'))
  socket = createServer().listen(at('socket'))
  await once(socket, 'listening')
})
afterAll(async () => {
  socket.close()
  await rm(folder, { recursive: true })
})

let count = 0
/** A new directory. */
async function directory(): Promise<string> {
  const path = at(`directory-${++count}`)
  await mkdir(path)
  return path
}

/** A copy of the saved directory. */
async function copied(): Promise<string> {
  const path = await directory()
  for (const file of await readdir(saved)) await writeFile(join(path, file), await readFile(join(saved, file)))
  return path
}

const refused = (name: string, message: string) => expect.objectContaining({ name, message })

async function through(out: string, resume = false): Promise<void> {
  const recipe = { epochs: 1, batch: 4, schedule: { rate: 0.05 } }
  for await (const _ of train({ arch: 'resnet8', data: images(12), recipe, worker: false, out, resume }));
}

/** Things that are not files: what they are, what messages call them, and how to make them at a path. */
const noFiles: [what: string, shown: string, make: (path: string) => unknown][] = [
  ['a pipe', 'a device or pipe', path => execFileSync('mkfifo', [path])],
  [
    'a link to a pipe',
    'a device or pipe',
    path => execFileSync('sh', ['-c', `mkfifo '${path}.p'; ln -s '${path}.p' '${path}'`]),
  ],
  ['a link to an endless device', 'a device or pipe', path => symlink('/dev/zero', path)],
  ['a link to a socket', 'a device or pipe', path => symlink(at('socket'), path)],
  ['a directory', 'a directory', path => mkdir(path)],
]

describe.each(noFiles)('%s', (_, shown, make) => {
  test.each(['config.json', 'preprocessor_config.json', 'model.safetensors', 'pytorch_model.bin'])(
    'is refused as %s of a model directory',
    async file => {
      const path = await copied()
      if (file === 'pytorch_model.bin') await rm(join(path, 'model.safetensors'))
      await rm(join(path, file), { force: true })
      await make(join(path, file))
      const message = `${JSON.stringify(join(path, file))} is ${shown}, wanted a file`
      await expect(loadModel(path)).rejects.toThrow(refused('ModelError', message))
    },
  )

  test('is refused as a checkpoint and as a recipe', async () => {
    const path = await directory()
    await make(join(path, 'checkpoint.safetensors'))
    const message = `${JSON.stringify(join(path, 'checkpoint.safetensors'))} is ${shown}, wanted a file`
    await expect(through(path, true)).rejects.toThrow(refused('ModelError', message))
    await expect(readRecipeFile(join(path, 'checkpoint.safetensors'))).rejects.toThrow(refused('ModelError', message))
  })
})

describe.each(noFiles.slice(0, 4))('%s', (_, __, make) => {
  test('is refused as weights', async () => {
    const path = join(await directory(), 'weights.pth')
    await make(path)
    const message = `${JSON.stringify(path)} is a device or pipe, wanted a file`
    await expect(loadModel(path)).rejects.toThrow(refused('ModelError', message))
  })
})

describe('a file that is too large is refused', () => {
  test.each<[file: string, bytes: number, error: string]>([
    ['config.json', 2 ** 24, '16777217 bytes, more than the allowed 16777216 of a configuration'],
    ['preprocessor_config.json', 2 ** 24, '16777217 bytes, more than the allowed 16777216 of a configuration'],
    ['model.safetensors', 2 ** 34, '17179869185 bytes, more than the allowed 17179869184 of a weights file'],
    ['pytorch_model.bin', 2 ** 34, '17179869185 bytes, more than the allowed 17179869184 of a weights file'],
  ])('as %s', async (file, bytes, error) => {
    const path = await copied()
    if (file === 'pytorch_model.bin') await rename(join(path, 'model.safetensors'), join(path, file))
    await truncate(join(path, file), bytes + 1)
    const message = `${JSON.stringify(join(path, file))} has ${error}`
    await expect(loadModel(path)).rejects.toThrow(refused('ModelError', message))
  })

  test('as a checkpoint and as a recipe', async () => {
    const path = await directory()
    const file = join(path, 'checkpoint.safetensors')
    await writeFile(file, '')
    await truncate(file, 2 ** 34 + 1)
    const has = `${JSON.stringify(file)} has 17179869185 bytes, more than the allowed`
    await expect(through(path, true)).rejects.toThrow(refused('ModelError', `${has} 17179869184 of a checkpoint`))
    await expect(readRecipeFile(file)).rejects.toThrow(refused('ModelError', `${has} 16777216 of a recipe`))
  })

  test.runIf(process.platform === 'linux')('even if its size does not show it', async () => {
    const path = await copied()
    await rm(join(path, 'config.json'))
    // It claims to be a file of no bytes, but terabytes can be read from it.
    await symlink('/proc/self/pagemap', join(path, 'config.json'))
    const has = 'has more bytes than it says, more than the allowed 16777216 of a configuration'
    const message = `${JSON.stringify(join(path, 'config.json'))} ${has}`
    await expect(loadModel(path)).rejects.toThrow(refused('ModelError', message))
  })

  test('and one that holds no weights is not read to its end', async () => {
    const path = join(await directory(), 'large.pth')
    await writeFile(path, '')
    await truncate(path, 2 ** 34)
    const message = 'this is neither a safetensors file nor a PyTorch checkpoint'
    await expect(loadModel(path)).rejects.toThrow(refused('FormatError', message))
  })
})

test('links to files are followed, as in the cache of the Hugging Face hub', async () => {
  const path = await directory()
  for (const file of await readdir(saved)) await symlink(join('..', 'saved', file), join(path, file))
  expect((await loadModel(path)).labels).toEqual(['a', 'b', 'c'])
})

describe('what is written', () => {
  test('does not follow links, and leaves other files alone', async () => {
    const path = await directory()
    const victim = at('victim')
    await writeFile(victim, 'precious')
    const files = ['config.json', 'model.safetensors', 'checkpoint.safetensors', 'log.jsonl']
    for (const file of files) await symlink(victim, join(path, `${file}.tmp`))
    await through(path)
    await symlink(victim, join(path, 'report.html'))
    await saveReport(join(path, 'report.html'), 'report')
    expect(await readFile(victim, 'utf8')).toBe('precious')
    expect(await readFile(join(path, 'report.html'), 'utf8')).toBe('report')
    expect((await loadModel(path)).labels).toEqual(images(12).classes)
  })

  test('is not appended to what a link leads to', async () => {
    const path = await directory()
    const victim = at('victim-of-log')
    await writeFile(victim, 'precious')
    await symlink(victim, join(path, 'log.jsonl'))
    const message = `cannot write ${JSON.stringify(join(path, 'log.jsonl'))}: it is a link, wanted a file`
    await expect(through(path)).rejects.toThrow(refused('CheckpointError', message))
    expect(await readFile(victim, 'utf8')).toBe('precious')
  })

  test.each(['model.safetensors', 'log.jsonl'])('does not replace a pipe that has the name %s', async file => {
    const path = await directory()
    execFileSync('mkfifo', [join(path, file)])
    const message = `${JSON.stringify(join(path, file))} is a device or pipe, wanted a file`
    const writing = file === 'log.jsonl' ? through(path) : saveModel(path, modelOf('a', 'b'))
    await expect(writing).rejects.toThrow(refused('CheckpointError', message))
    expect((await stat(join(path, file))).isFIFO()).toBe(true)
    if (file === 'model.safetensors') expect(await readdir(path)).toEqual([file])
  })

  test('removes what killed processes of this host left half-written', async () => {
    const path = await directory()
    const host = hostname().replace(/\W/g, '_')
    const ended = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim()
    const kept = [`.residual-${host}-${process.pid}-0123abcd.tmp`, `.residual-other-${ended}-0123abcd.tmp`, 'model.tmp']
    for (const file of [...kept, `.residual-${host}-${ended}-0123abcd.tmp`]) await writeFile(join(path, file), 'half')
    await saveModel(path, modelOf('a', 'b', 'c'))
    expect((await readdir(path)).sort()).toEqual([...kept, ...(await readdir(saved))].sort())
  })
})

describe('files of two saves', () => {
  /** A copy of the saved directory with one file of another. */
  async function mixed(file: string): Promise<string> {
    const path = await copied()
    const other = await directory()
    await saveModel(other, modelOf('x', 'y', 'z'))
    await rename(join(other, file), join(path, file))
    return path
  }

  test.each(['config.json', 'model.safetensors'])('are not taken together: another %s', async file => {
    const path = await mixed(file)
    const hint = 'save the model again, or remove residual_fingerprint from its configurations if they belong together'
    const message = `directory-${count - 1}: its configurations and weights were not saved together; ${hint}`
    await expect(loadModel(path)).rejects.toThrow(refused('ModelError', message))
    await saveModel(path, modelOf('x', 'y', 'z'))
    expect((await loadModel(path)).labels).toEqual(['x', 'y', 'z'])
  })

  test('are taken together if the configurations have no fingerprints', async () => {
    const path = await mixed('model.safetensors')
    for (const file of ['config.json', 'preprocessor_config.json']) {
      const { residual_fingerprint: _, ...bare } = JSON.parse(await readFile(join(path, file), 'utf8'))
      await writeFile(join(path, file), JSON.stringify(bare))
    }
    expect((await loadModel(path)).labels).toEqual(['a', 'b', 'c'])
  })

  test('are not suspected when somebody edits a configuration', async () => {
    const path = await copied()
    const config = await readFile(join(path, 'config.json'), 'utf8')
    await writeFile(join(path, 'config.json'), config.replace('"b"', '"bee"'))
    expect((await loadModel(path)).labels).toEqual(['a', 'bee', 'c'])
  })

  test('of equal models are the same bytes', async () => {
    const path = await directory()
    await saveModel(path, modelOf('a', 'b', 'c'))
    for (const file of await readdir(saved)) {
      expect((await readFile(join(path, file))).equals(await readFile(join(saved, file)))).toBe(true)
    }
  })
})
