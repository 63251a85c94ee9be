import { execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { residual, root } from './residual.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  execFileSync(
    'mkfifo',
    ['pipe', 'pipe.json', 'pipe.jpg', 'pipe.html'].map(name => join(folder, name)),
  )
  await symlink('/dev/zero', join(folder, 'zero'))
  await writeFile(join(folder, 'cat.jpg'), await readFile(join(root, 'images/cat.jpg')))
  for (const [name, config] of Object.entries({ pipes: 'pipe', zeros: 'zero' })) {
    await mkdir(join(folder, name))
    await symlink(join('..', config), join(folder, name, 'config.json'))
  }
})
afterAll(() => rm(folder, { recursive: true }))

/** Calls that name something that is not a file, and the one line that they print. */
test.each<[arguments_: string[], error: string]>([
  [['classify', 'cat.jpg', '--model', 'pipe'], '"pipe" is a device or pipe, wanted a file'],
  [['classify', 'cat.jpg', '--model', 'zero'], '"zero" is a device or pipe, wanted a file'],
  [['classify', 'cat.jpg', '--model', 'pipes'], '"pipes/config.json" is a device or pipe, wanted a file'],
  [['classify', 'cat.jpg', '--model', 'zeros'], '"zeros/config.json" is a device or pipe, wanted a file'],
  [['classify', 'pipe.jpg'], 'pipe.jpg: is a device or pipe, wanted a file'],
  [['classify', 'zero'], 'zero: is a device or pipe, wanted a file'],
  [['eval', '--data', 'pipe'], 'pipe: is a device or pipe, wanted a file'],
  [['eval', '--data', 'zero'], 'zero: is a device or pipe, wanted a file'],
  [
    ['train', '--data', 'shapes', '--out', 'out', '--recipe', 'pipe.json'],
    '"pipe.json" is a device or pipe, wanted a file',
  ],
  [['explain', 'cat.jpg', '-o', 'pipe.html'], '"pipe.html" is a device or pipe, wanted a file'],
])('%j exits 1', async (arguments_, error) => {
  expect(await residual(arguments_, { cwd: folder })).toEqual({ status: 1, stdout: '', stderr: `error: ${error}\n` })
})

/** Runs code in its own process, where it has `resnet` and the folder, and parses what it prints. */
function run(code: string, limits = ''): Promise<unknown> {
  const script = `
    import * as resnet from ${JSON.stringify(`${root}packages/resnet/dist/index.js`)}
    import { initialParameters } from ${JSON.stringify(`${root}packages/train/dist/index.js`)}
    import fs from 'node:fs'
    const folder = ${JSON.stringify(folder)}
    const modelOf = (...labels) => {
      const architecture = { ...resnet.architecture('resnet8'), classes: labels.length }
      const preprocessing = resnet.defaultPreprocessing(architecture.family)
      const initial = initialParameters(architecture, { seed: labels[0].charCodeAt(0) })
      const parameters = new Map(Array.from(initial, ([name, values]) => [name, values.slice()]))
      parameters.get('fc.bias').fill(labels[0].charCodeAt(0))
      return new resnet.Model({ name: 'model', architecture, labels, preprocessing, parameters })
    }
    ${code}`
  const command = `${limits} exec '${process.execPath}' --input-type=module -`
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(chunk))
    child.on('close', code => {
      const text = Buffer.concat(output).toString()
      if (code === 0) resolve(JSON.parse(text))
      else reject(new Error(text))
    })
    child.stdin.end(script)
  })
}

describe('models that are never disposed of', () => {
  test('do not keep more files open than a process may', async () => {
    const result = await run(
      `
      await resnet.saveModel(folder + '/many', modelOf('a', 'b', 'c'))
      process.chdir(folder)
      const models = [await resnet.loadModel('many')]
      process.chdir('/')
      for (let i = 1; i < 200; i++) models.push(await resnet.loadModel(folder + '/many'))
      const image = { width: 32, height: 32, data: new Uint8Array(3072).map((_, i) => i % 256) }
      const [first, last] = [await models[0].classify(image), await models[199].classify(image)]
      const kept = await modelOf('a', 'b', 'c').classify(image)
      console.log(JSON.stringify([first, last].map(({ logits }) => logits.every((x, i) => x === kept.logits[i]))))`,
      'ulimit -n 64;',
    )
    expect(result).toEqual([true, true])
  })
})

describe('two processes that save into one directory', () => {
  const SECONDS = 2

  const writer = (labels: string) => `
    const model = modelOf(...${JSON.stringify(labels.split(''))})
    const end = Date.now() + ${SECONDS * 1000}
    let saves = 0
    for (; Date.now() < end; saves++) await resnet.saveModel(folder + '/shared', model)
    console.log(saves)`

  test('leave readers the complete files of one save', async () => {
    await run(`await resnet.saveModel(folder + '/shared', modelOf('a', 'b')); console.log(0)`)
    await run(`
      for (const name of ['ab', 'xy']) await resnet.saveModel(folder + '/' + name, modelOf(...name))
      console.log(0)`)
    const files = run(`
      const whole = ['ab', 'xy'].map(name => fs.readFileSync(folder + '/' + name + '/model.safetensors'))
      const end = Date.now() + ${SECONDS * 1000}
      const seen = { ab: 0, xy: 0, torn: 0 }
      while (Date.now() < end) {
        const bytes = fs.readFileSync(folder + '/shared/model.safetensors')
        seen[['ab', 'xy', 'torn'].at(whole.findIndex(one => one.equals(bytes)))]++
        await new Promise(resolve => setTimeout(resolve))
      }
      console.log(JSON.stringify(seen))`)
    const models = run(`
      const end = Date.now() + ${SECONDS * 1000}
      const seen = {}
      while (Date.now() < end) {
        const model = await resnet.loadModel(folder + '/shared')
        const found = model.labels[0] + String.fromCharCode((await model.readParameters()).get('fc.bias')[0])
        seen[found] = (seen[found] ?? 0) + 1
        model[Symbol.dispose]()
      }
      console.log(JSON.stringify(seen))`)
    const saves = await Promise.all([run(writer('ab')), run(writer('xy'))])
    for (const count of saves) expect(count).toBeGreaterThan(1)
    expect(await files).toMatchObject({ torn: 0 })
    expect(Object.keys((await models) as object).filter(found => !['aa', 'xx'].includes(found))).toEqual([])
  })
})
