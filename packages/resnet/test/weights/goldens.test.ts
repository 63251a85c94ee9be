import { readdirSync, readFileSync } from 'node:fs'
import { toFloat32 } from '@residual/core'
import { describe, expect, test } from 'vitest'
import { readWeights } from '../../src/weights/index.ts'

const folder = new URL('goldens/', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, folder))

interface Expected {
  readonly dtype: string
  readonly shape: number[]
  readonly values: number[]
}
const expected: Record<string, Record<string, Expected>> = JSON.parse(read('expected.json').toString())

describe('readWeights gives the same tensors as torch.load, under torchvision names', () => {
  test.each(Object.entries(expected))('%s', (file, state) => {
    const tensors = readWeights(read(file))
    const found = Object.fromEntries(
      [...tensors].map(([name, tensor]) => {
        const { dtype, shape } = tensor
        return [name, { dtype, shape, values: [...toFloat32(tensor)] }]
      }),
    )
    const wanted = Object.entries(state).filter(([name]) => !name.endsWith('num_batches_tracked'))
    const torchvisionName = (name: string) => name.replace(/^module\./, '').replace(/^linear\./, 'fc.')
    expect(found).toEqual(Object.fromEntries(wanted.map(([name, tensor]) => [torchvisionName(name), tensor])))
  })
})

const forbidden = (name: string) =>
  `the file needs the Python object "${name}", which weights do not; nothing was executed. ` +
  'Save model.state_dict() alone, or write it as safetensors'

const nestings = 'state_dict, model_state_dict, model_state, model, net, network, state_dict_ema, model_ema'
const refused: [file: string, message: string][] = [
  ['attack', forbidden('posix.system')],
  ['module', forbidden('torch.nn.modules.linear.Linear')],
  ['tensor', 'the checkpoint is not a dict of tensors; save model.state_dict()'],
  [
    'no-tensors',
    `the checkpoint has no tensors, neither at the top nor under ${nestings}; ` +
      'its keys are "epoch", "model", "0", "1", "2" and 2 more',
  ],
  [
    'expanded',
    'a tensor of shape [1000,1000] with strides [0,0] repeats elements of its storage of 1; save it after .contiguous()',
  ],
  ['repeated', 'the tensors share storages: together they take more than the whole file'],
]

describe('readWeights refuses', () => {
  const files = readdirSync(folder)
  const cases = refused.flatMap(([name, message]) =>
    files.filter(file => file.startsWith(`${name}.`)).map(file => [file, message]),
  )
  test.each(cases)('%s', (file, message) => {
    expect(() => readWeights(read(file))).toThrow(expect.objectContaining({ name: 'FormatError', message }))
  })

  test.each(['training.pth', 'training.th'])('%s of a big-endian machine', file => {
    const bytes = read(file)
    const order = bytes.indexOf('little')
    if (file.endsWith('.th')) bytes[bytes.indexOf(0x88, order)] = 0x89
    else bytes.write('big   ', order)
    const message = 'the checkpoint was saved on a big-endian machine; load it there and save it as safetensors'
    expect(() => readWeights(bytes)).toThrow(message)
  })

  test.each([
    ['model.th', 'storage "KEY" reaches beyond the end of the file, which may be cut short'],
    ['model.pth', 'the zip archive has no central directory; the file may be cut short'],
  ])('%s when it is cut short', (file, message) => {
    const bytes = read(file)
    const cut = () => readWeights(bytes.subarray(0, bytes.length - 8))
    // The legacy container names storages by their addresses when they were saved.
    expect(cut).toThrow(new RegExp(`^${message.replace('KEY', '\\d+').replaceAll('.', '\\.')}$`))
  })
})

test('keeps row-major tensors as views of the file', () => {
  for (const file of ['dtypes.pth', 'dtypes.th']) {
    const bytes = new Uint8Array(read(file))
    for (const tensor of readWeights(bytes).values()) expect(tensor.bytes.buffer).toBe(bytes.buffer)
  }
})
