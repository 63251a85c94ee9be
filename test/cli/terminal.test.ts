import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeSafetensors } from '@residual/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildZip } from '../../packages/resnet/test/weights/zip-builder.ts'
import { objectsIn, residual, root } from './residual.ts'

/** Sets the window's title and colours, reverses text and ends the line: as a label, and as a file name. */
const EVIL = '\u001b]0;x\u0007\u001b[31m\u009b1m\u202e\u2028\u007f\nerror: '
/** How it begins when it is shown. */
const SHOWN = '\\u001b]0;x\\u0007'

/** Characters that must not be sent to a terminal; line ends are allowed. */
const OBEYED = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u

let folder: string
let server: Server
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  const write = async (path: string, content: string | Uint8Array | object) => {
    await mkdir(join(folder, path, '..'), { recursive: true })
    const isBytes = typeof content === 'string' || content instanceof Uint8Array
    await writeFile(join(folder, path), isBytes ? content : JSON.stringify(content))
  }
  const embedded = join(root, 'packages/resnet/models/cifar10-resnet20')
  const cat = await readFile(join(root, 'images/cat.jpg'))
  const labels = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, `${EVIL}${i}`]))
  const models: Record<string, [config: object, preprocessor?: object]> = {
    [`model${EVIL}`]: [{ architecture: 'resnet20', id2label: labels }],
    architecture: [{ architecture: EVIL }],
    type: [{ model_type: EVIL }],
    crop: [{ architecture: 'resnet20' }, { size: { shortest_edge: EVIL } }],
  }
  for (const [name, [config, preprocessor]] of Object.entries(models)) {
    await cp(embedded, join(folder, name), { recursive: true })
    await write(`${name}/config.json`, config)
    if (preprocessor) await write(`${name}/preprocessor_config.json`, preprocessor)
  }
  const tensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const
  await write('tensors.safetensors', writeSafetensors(new Map([[EVIL, tensor]])))
  await write(
    'training/checkpoint.safetensors',
    withHeader({ [EVIL]: { dtype: EVIL, shape: [1], data_offsets: [0, 4] } }),
  )
  const pickle = Buffer.concat([Buffer.of(0x80, 2), Buffer.from(`c${EVIL.replace('\n', '')}\nx\n.`)])
  await write('global.pth', buildZip([{ name: 'archive/data.pkl', data: pickle }]))
  await write(`${EVIL}.jpg`, cat)
  await write(`images/${EVIL}.png`, cat.subarray(0, 3000))
  await write(`images/${EVIL}.jpg`, cat)
  for (const name of [`0${EVIL}`, `1${EVIL}`]) {
    await write(`classes/${name}/${EVIL}.jpg`, cat)
    await write(`damaged/${name}/${EVIL}.jpg`, cat.subarray(0, 3000))
  }
  await mkdir(join(folder, `empty/${EVIL}`), { recursive: true })
  await write(`${EVIL}.json`, { [EVIL]: 1 })
  await write('value.json', { epochs: EVIL })
  server = createServer((_, response) => {
    response.setHeader('content-encoding', '\u009b31m')
    // A string would be sent in UTF-8, together with the headers.
    response.end(Buffer.from('x'))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

function withHeader(header: object): Uint8Array {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeUInt32LE(text.length)
  return Buffer.concat([length, text, Buffer.alloc(4)])
}

const MODEL = `model${EVIL}`
const train = ['train', '--data', 'classes', '--size', '32', '--out']

/** Calls whose output contains a name that controls terminals. */
const calls: [what: string, arguments_: string[]][] = [
  ['labels and files', ['classify', `${EVIL}.jpg`, '--model', MODEL]],
  ['a folder of files, one of them damaged', ['classify', 'images']],
  ['a pattern that no file matches', ['classify', `${EVIL}*`]],
  ['an explanation', ['explain', `${EVIL}.jpg`, '--model', MODEL, '-o', `${EVIL}.html`]],
  ['a class that a model does not have', ['explain', `${EVIL}.jpg`, '--model', MODEL, '--class', 'cat']],
  ['a drawing', ['graph', '--model', MODEL, '-o', `graph${EVIL}.svg`]],
  ['unknown blocks', ['deepen', '--depth', '26', '--at', EVIL, '--out', 'deeper']],
  ['a folder without images', ['eval', '--data', 'empty']],
  ['a damaged image of a data set', ['train', '--data', 'damaged', '--size', '32', '--batch', '2', '--out', 'out']],
  ['missing data', ['eval', '--data', EVIL]],
  ['data at an address that is not one', ['eval', '--data', `http://${EVIL}/`]],
  ['no model', ['summary', '--model', EVIL]],
  ['no network', ['summary', '--arch', EVIL]],
  ['no recipe', [...train, 'out', '--recipe', EVIL]],
  ['a key of a recipe', [...train, 'out', '--recipe', `${EVIL}.json`]],
  ['a value in a recipe', [...train, 'out', '--recipe', 'value.json']],
  ['a missing recipe', [...train, 'out', '--recipe', `none${EVIL}.json`]],
  ['a checkpoint', [...train, 'training', '--resume']],
  ['a model with an unknown architecture', ['summary', '--model', 'architecture']],
  ['a model of another type', ['summary', '--model', 'type']],
  ['a size', ['summary', '--model', 'crop']],
  ['names of tensors', ['summary', '--model', 'tensors.safetensors', '--arch', 'resnet20']],
  ['a Python object', ['summary', '--model', 'global.pth']],
  ['a mirror that is not an address', ['pull', 'cifar10', '--mirror', EVIL]],
  ['a command', [EVIL]],
  ['an option', ['classify', `--${EVIL}`]],
  ['a choice', ['classify', 'a', '--build', EVIL]],
]

/** Options of Node that make the command print as if to a terminal. */
const terminal = ['--import', 'data:text/javascript,process.stdout.isTTY=process.stderr.isTTY=true']

describe.concurrent('nothing from outside controls a terminal', () => {
  test.each(calls)('%s', async (_, arguments_) => {
    const { stdout, stderr, status } = await residual(arguments_, { cwd: folder })
    expect(stdout + stderr).not.toMatch(OBEYED)
    expect(stdout + stderr).toContain(SHOWN)
    expect(stderr).not.toMatch(/unexpected \w*Error/)
    // One line for each error, so that none can be forged.
    expect(stderr).toMatch(status === 0 ? /^$/ : /^error: .*\n$/)
  })

  test.each([
    ['labels', ['classify', `${EVIL}.jpg`, '--model', MODEL]],
    ['an explanation', ['explain', `${EVIL}.jpg`, '--model', MODEL]],
    ['classes', ['eval', '--model', MODEL, '--data', 'shapes', '--limit', '4', '--confusion']],
  ])('%s on a terminal, which gets only styles', async (_, arguments_) => {
    const { stdout, stderr } = await residual(arguments_, { cwd: folder, node: terminal })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal is sent.
    const styles = /\u001b\[(0|1|2|36)m|\r|\u001b\[K/g
    const sent = stdout + stderr
    expect(sent).not.toContain(`${SHOWN}\u001b[31m`)
    expect(sent.replace(styles, '')).not.toMatch(OBEYED)
    expect(sent).toContain(SHOWN)
  })

  test('JSON has the names as they are', async () => {
    const run = await residual(['classify', `${EVIL}.jpg`, '--model', MODEL, '--topk', '1', '--json'], { cwd: folder })
    expect(run.stdout).not.toMatch(OBEYED)
    const [{ image, predictions }] = objectsIn(run) as { image: string; predictions: { label: string }[] }[]
    expect(image).toBe(`${EVIL}.jpg`)
    expect(predictions[0].label.startsWith(EVIL)).toBe(true)
  })

  test('what a server says', async () => {
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { stdout, stderr } = await residual(['pull', 'cifar10', '--mirror', mirror], {
      cwd: folder,
      env: { RESIDUAL_HOME: join(folder, 'home') },
    })
    expect(stdout).toBe('')
    expect(stderr).toBe(
      `error: ${mirror}/cifar-10-binary.tar.gz: the server sends the file in another form (\\u009b31m); try a --mirror\n`,
    )
  })

  test('the stack of an error', async () => {
    const { stderr } = await residual(['classify', EVIL], { cwd: folder, env: { RESIDUAL_DEBUG: '1' } })
    expect(stderr).not.toMatch(OBEYED)
    expect(stderr).toMatch(/^error: \\u001b.*\nCommandError: \\u001b.*\n/)
  })
})
