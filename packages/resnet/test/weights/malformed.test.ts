import { describe, expect, test } from 'vitest'
import { readWeights } from '../../src/weights/index.ts'
import { withinDicts } from './torch-builder.ts'
import { buildZip, join, type ZipEntry } from './zip-builder.ts'

const latin = (text: string) => Uint8Array.from(text, character => character.charCodeAt(0))
const refuses = (bytes: Uint8Array, message: string) =>
  expect(() => readWeights(bytes)).toThrow(expect.objectContaining({ name: 'FormatError', message }))

const neither = 'this is neither a safetensors file nor a PyTorch checkpoint'
const tar = new Uint8Array(1024)
tar.set(latin('storages'))
tar.set(latin('ustar  '), 257)

describe('readWeights identifies files that are not weights', () => {
  test.each<[what: string, bytes: Uint8Array, message: string]>([
    ['nothing', new Uint8Array(0), 'the file is empty'],
    ['a few bytes', latin('PK'), neither],
    ['zeros', new Uint8Array(1000), neither],
    [
      'a git-lfs pointer',
      latin('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
      'this is a git-lfs pointer, not the weights; run git lfs pull',
    ],
    [
      'a web page',
      latin('\n<!DOCTYPE html><html>'),
      'this is a web page, not weights; the download may need another address',
    ],
    [
      'a tar archive',
      tar,
      'this is a tar archive; if PyTorch before 0.1.10 saved it, load it there and save model.state_dict() again',
    ],
    ['a gzip archive', latin('\x1f\x8b\x08\x00'), 'this is a gzip archive; unpack it first'],
    [
      'a plain pickle',
      latin('\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}.'),
      'this is a plain pickle, not a checkpoint of torch.save; save the weights with torch.save(model.state_dict(), path)',
    ],
    [
      'a damaged safetensors file',
      latin('\x02\x00\x00\x00\x00\x00\x00\x00{"'),
      'safetensors header is not valid: expected the end of this string at character 1',
    ],
  ])('%s', (_, bytes, message) => refuses(bytes, message))
})

const empty = new Uint8Array(0)
const pickled = (data: string) => buildZip([{ name: 'archive/data.pkl', data: latin(data) }])

describe('readWeights refuses a zip archive', () => {
  const dict = { name: 'm/data.pkl', data: latin('\x80\x02}.') }
  const directoryAt = (zip: Uint8Array) => new DataView(zip.buffer).getUint32(zip.length - 6, true)
  const changed = (zip: Uint8Array, change: (view: DataView) => void) => {
    change(new DataView(zip.buffer))
    return zip
  }
  test.each<[what: string, bytes: Uint8Array, message: string]>([
    ['without entries', buildZip([]), 'the zip archive has no record data.pkl, so it is not a PyTorch checkpoint'],
    [
      'with other content',
      buildZip([{ name: 'word/document.xml', data: empty }]),
      'the zip archive has no record data.pkl, so it is not a PyTorch checkpoint',
    ],
    [
      'that is TorchScript',
      buildZip([dict, { name: 'm/constants.pkl', data: empty }]),
      'this is a TorchScript program, not weights; save its weights with torch.save(torch.jit.load(path).state_dict(), path)',
    ],
    [
      'that is compressed',
      buildZip([{ ...dict, method: 8 }]),
      'zip entry "m/data.pkl" is compressed, which torch.save never does; save the weights again',
    ],
    ['that is encrypted', buildZip([{ ...dict, flags: 1 }]), 'zip entry "m/data.pkl" is encrypted'],
    ['with a repeated entry', buildZip([dict, dict]), 'the zip archive has two entries "m/data.pkl"'],
    [
      'without its directory',
      buildZip([dict]).subarray(0, 40),
      'the zip archive has no central directory; the file may be cut short',
    ],
    [
      'with a wrong position of the directory',
      changed(buildZip([dict]), view => view.setUint32(view.byteLength - 6, 0, true)),
      'the zip archive is damaged: its directory breaks off at byte 0',
    ],
    [
      'with a directory beyond the file',
      changed(buildZip([dict]), view => view.setUint32(view.byteLength - 6, 1e9, true)),
      'the zip archive is damaged: its directory breaks off at byte 1000000000',
    ],
    [
      'with an entry beyond the file',
      ((zip: Uint8Array) => changed(zip, view => view.setUint32(directoryAt(zip) + 20, 1e9, true)))(buildZip([dict])),
      'zip entry "m/data.pkl" reaches beyond the end of the file, which may be cut short',
    ],
    [
      'with a wrong position of an entry',
      ((zip: Uint8Array) => changed(zip, view => view.setUint32(directoryAt(zip) + 42, 4, true)))(buildZip([dict])),
      'zip entry "m/data.pkl" is not where the directory says',
    ],
    [
      'without its 64-bit records',
      changed(buildZip([dict]), view => view.setUint32(view.byteLength - 6, 0xffffffff, true)),
      'the zip archive is damaged: its 64-bit directory is not where it should be',
    ],
  ])('%s', (_, bytes, message) => refuses(bytes, message))
})

/** Opcodes that push a tensor. The storage and the rest (offset, shape and strides) are opcodes too. */
const tensor = (storage: string, rest: string) => `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${rest}tR`
const storage = (type = 'ctorch\nFloatStorage\n', key = 'U\x010', length = 'K\x04') =>
  `(U\x07storage${type}${key}U\x03cpu${length}tQ`
const named = (value: string) => `\x80\x02}U\x01w${value}s.`
const toOutside = 'the pickle refers to something outside itself that is not a storage'
const notDict = 'the checkpoint is not a dict of tensors; save model.state_dict()'
const nowhere = (keys: string) =>
  `the checkpoint has no tensors, neither at the top nor under state_dict, model_state_dict, model_state, model, net, network, state_dict_ema, model_ema; its keys are ${keys}`
const misdescribed = 'a tensor is not described by a storage, an offset, a shape and a stride for each axis'

describe('readWeights refuses a pickle', () => {
  test.each<[what: string, pickle: string, message: string]>([
    ['of no bytes', '', 'the pickle ends too early, at byte 0'],
    ['without an end', '\x80\x02}', 'the pickle ends too early, at byte 3'],
    ['of protocol 1', '\x80\x01}.', 'the pickle is damaged: it states protocol 1, not 2 to 5, at byte 0'],
    ['with an unknown opcode', '\x80\x02\xff.', 'the pickle is damaged: it has an unknown opcode 0xff, at byte 2'],
    ['with an extension code', '\x80\x02\x82\x01.', 'the pickle is damaged: it has an unknown opcode 0x82, at byte 2'],
    ['without a value', '\x80\x02.', 'the pickle is damaged: it takes from an empty stack, at byte 3'],
    ['that takes from below a mark', 'K\x01(0.', 'the pickle is damaged: it takes from an empty stack, at byte 4'],
    [
      'that ends a list that it did not begin',
      'K\x01t.',
      'the pickle is damaged: it ends a list that it did not begin, at byte 3',
    ],
    [
      'that recalls an entry that it did not store',
      'h\x07.',
      'the pickle is damaged: it recalls entry 7, which it did not store, at byte 2',
    ],
    [
      'that appends to a number',
      'K\x01K\x01a.',
      'the pickle is damaged: it appends to something that is not a list, at byte 5',
    ],
    [
      'that sets items of a list',
      ']K\x01K\x01s.',
      'the pickle is damaged: it sets items that are not pairs, or not of a dict, at byte 6',
    ],
    [
      'that sets half an item',
      '}(K\x01u.',
      'the pickle is damaged: it sets items that are not pairs, or not of a dict, at byte 5',
    ],
    ['that calls a number', 'K\x01)R.', 'the pickle is damaged: it calls something that is not a global, at byte 4'],
    [
      'that names a global by numbers',
      'K\x01K\x01\x93.',
      'the pickle is damaged: it has a global whose name is not text, at byte 5',
    ],
    ['with a text beyond the file', 'X\xff\xff\xff\x00.', 'the pickle ends too early, at byte 5'],
    [
      'with a text of 4 GB',
      'X\xff\xff\xff\xff.',
      'the pickle is damaged: it has a text of 4294967295 bytes, at byte 5',
    ],
    ['with bytes of 2^64 - 1', '\x8e\xff\xff\xff\xff\xff\xff\xff\xff.', 'the pickle ends too early, at byte 9'],
    [
      'with a text that is not UTF-8',
      'X\x01\x00\x00\x00\xff.',
      'the pickle is damaged: it has a text that is not valid UTF-8, at byte 6',
    ],
    [
      'with an integer of 1000 bytes',
      `\x8b\xe8\x03\x00\x00${'x'.repeat(1000)}.`,
      'the pickle is damaged: it has an integer of 1000 bytes, at byte 5',
    ],
    ['with an unfinished global', 'cos', 'the pickle ends too early, at byte 1'],
    [
      'of 65,537 lists',
      ']'.repeat(2 ** 16 + 1),
      'the pickle has more than 65536 opcodes, too many for a file of this size',
    ],
    ['of 30,000 nested lists', `${']'.repeat(30_000)}${'a'.repeat(29_999)}.`, notDict],
    ['that is 2^10000 references to a list', `]q\x00${'h\x00h\x00\x86q\x00'.repeat(10_000)}.`, notDict],
    [
      'with a tensor whose shape is such a list',
      named(`]q\x00${'h\x00h\x00\x86q\x00'.repeat(10_000)}0${tensor(storage(), 'K\x00h\x00h\x00')}`),
      misdescribed,
    ],
    [
      'that names a built-in',
      'c__builtin__\neval\n.',
      'the file needs the Python object "__builtin__.eval", which weights do not; nothing was executed. Save model.state_dict() alone, or write it as safetensors',
    ],
    [
      'that names properties of JavaScript objects',
      'cconstructor\n__proto__\n.',
      'the file needs the Python object "constructor.__proto__", which weights do not; nothing was executed. Save model.state_dict() alone, or write it as safetensors',
    ],
    ['of an empty dict', '}.', nowhere('none')],
    ['of a dict that contains itself', '}q\x00U\x05modelh\x00s.', nowhere('"model"')],
    ['of 20,000 dicts in each other', `${withinDicts('}', 20_000)}.`, nowhere('"model"')],
    ['of 20,000 dicts of other names', `${withinDicts('}', 20_000, 'epoch')}.`, nowhere('"epoch"')],
    [
      'of an OrderedDict of triples',
      'ccollections\nOrderedDict\n]K\x01K\x01K\x01\x87a\x85R.',
      'an OrderedDict has items that are not pairs',
    ],
    ['that refers to a module', '(U\x06moduleK\x01tQ.', toOutside],
    ['that refers to a text', 'U\x01xQ.', toOutside],
    ['with a storage of no type', `${storage('N')}.`, toOutside],
    ['with a storage of negative length', `${storage(undefined, undefined, 'J\xff\xff\xff\xff')}.`, toOutside],
    [
      'with a storage of two types',
      `${storage()}${storage('ctorch\nHalfStorage\n')}.`,
      'storage "0" is described in two ways',
    ],
    [
      'with a view beyond its storage',
      `${storage(undefined, undefined, 'K\x04(U\x01vK\x02K\x03t')}.`,
      'storage "0" has a view that reaches beyond its 4 elements',
    ],
    ['with a tensor without storage', named(tensor('N', 'K\x00K\x04\x85K\x01\x85')), misdescribed],
    ['with a negative size', named(tensor(storage(), 'K\x00J\xff\xff\xff\xff\x85K\x01\x85')), misdescribed],
    ['with too few strides', named(tensor(storage(), 'K\x00K\x04\x85)')), misdescribed],
    [
      'with a tensor of 65 axes',
      named(tensor(storage(), `K\x00(${'K\x01'.repeat(65)}t(${'K\x01'.repeat(65)}t`)),
      misdescribed,
    ],
    [
      'with a tensor beyond its storage',
      named(tensor(storage(), 'K\x01K\x04\x85K\x01\x85')),
      'a tensor of shape [4] with strides [1] from element 1 reaches beyond its storage of 4 elements',
    ],
    [
      'with an endless stride',
      named(tensor(storage(), 'K\x00K\x02\x85\x8a\x07\xff\xff\xff\xff\xff\xff\x1f\x85')),
      'a tensor of shape [2] with strides [9007199254740991] from element 0 reaches beyond its storage of 4 elements',
    ],
    [
      'with a tensor that repeats an element 2^52 times',
      named(tensor(storage(), 'K\x00\x8a\x07\x00\x00\x00\x00\x00\x00\x10\x85K\x00\x85')),
      'a tensor of shape [4503599627370496] with strides [0] repeats elements of its storage of 4; save it after .contiguous()',
    ],
    [
      'without the storage that it needs',
      named(tensor(storage(), 'K\x00K\x04\x85K\x01\x85')),
      'the checkpoint has no record "data/0"; the file may be cut short',
    ],
  ])('%s', (_, pickle, message) => refuses(pickled(pickle), message))

  test('whose storage has another size', () => {
    const data = latin(named(tensor(storage(), 'K\x00K\x04\x85K\x01\x85')))
    const zip = buildZip([
      { name: 'a/data.pkl', data },
      { name: 'a/data/0', data: new Uint8Array(8) },
    ])
    refuses(zip, 'tensor "w": its storage has 8 bytes, not 4 of 4')
  })
})

describe('readWeights reads', () => {
  const data = latin(named(tensor(storage(), 'K\x00K\x04\x85K\x01\x85')))
  const values = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)
  const entries: ZipEntry[] = [
    { name: 'data.pkl', data, isWide: true },
    { name: 'data/0', data: values, isWide: true },
  ]
  test.each([false, true])('zip archives with 64-bit sizes and offsets (64-bit directory: %s)', isWide => {
    expect(readWeights(buildZip(entries, isWide)).get('w')).toEqual({ dtype: 'F32', shape: [4], bytes: values })
  })

  test('tensors within 20,000 dicts', () => {
    const dict = `}U\x01w${tensor(storage(), 'K\x00K\x04\x85K\x01\x85')}s`
    const zip = buildZip([{ name: 'data.pkl', data: latin(`${withinDicts(dict, 20_000)}.`) }, entries[1]])
    expect(readWeights(zip).get('w')).toEqual({ dtype: 'F32', shape: [4], bytes: values })
  })

  test('trained weights in preference to their averages, wherever they are nested', () => {
    const dict = (name: string) => `}U\x01${name}${tensor(storage(), 'K\x00K\x04\x85K\x01\x85')}s`
    const pickle = `}U\x09model_ema${dict('e')}sU\x05model}U\x03net${dict('n')}sU\x0astate_dict${dict('d')}ss.`
    expect([...readWeights(buildZip([{ name: 'data.pkl', data: latin(pickle) }, entries[1]])).keys()]).toEqual(['d'])
  })

  test('tensors without elements, with any strides', () => {
    const huge = '\x8a\x07\xff\xff\xff\xff\xff\xff\x1f'
    const pickle = named(tensor(storage(), `K\x00(${huge.repeat(30)}K\x00t(${huge.repeat(31)}t`))
    const zip = buildZip([{ name: 'data.pkl', data: latin(pickle) }, entries[1]])
    expect(readWeights(zip).get('w')!.bytes).toHaveLength(0)
  })
})

const magic = latin('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.')
const legacy = (rest: string) => join([magic, latin(rest)])
const start = '\x80\x02M\xe9\x03.\x80\x02}.'
const one = named(tensor(storage(), 'K\x00K\x04\x85K\x01\x85'))

describe('readWeights refuses a legacy file', () => {
  test.each<[what: string, rest: string, message: string]>([
    ['that ends after its magic number', '', 'the pickle ends too early, at byte 15'],
    ['of another version', 'M\xea\x03.', 'the checkpoint has an unknown version of the legacy format'],
    ['of 20,000 dicts in each other', `${start}\x80\x02${withinDicts('}', 20_000)}.].`, nowhere('"model"')],
    ['without the list of storages', `${start}${one}N.`, 'the checkpoint has no list of its storages'],
    [
      'that lists an unknown storage',
      `${start}${one}]U\x011a.`,
      'the checkpoint lists a storage that no tensor refers to',
    ],
    ['that lists a number', `${start}${one}]K\x00a.`, 'the checkpoint lists a storage that no tensor refers to'],
    ['that does not list its storage', `${start}${one}].`, 'the checkpoint does not list storage "0"'],
    [
      'without elements',
      `${start}${one}]U\x010a.`,
      'storage "0" reaches beyond the end of the file, which may be cut short',
    ],
    [
      'with another number of elements',
      `${start}${one}]U\x010a.\x05${'\0'.repeat(23)}`,
      'storage "0" has 5 elements, not 4',
    ],
  ])('%s', (_, rest, message) => refuses(legacy(rest), message))
})
