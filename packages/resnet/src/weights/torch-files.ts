import { dtypeBytes, FormatError, quote, type Weight } from '@residual/core'
import { type Pickled, unpickle } from './pickle.ts'
import { findStateDict } from './state-dict.ts'
import { gatherWeights } from './strided.ts'
import { TorchHost, type TorchStorage } from './torch-objects.ts'
import { Zip } from './zip.ts'

/** The pickled `torch.serialization.MAGIC_NUMBER` of the legacy container: LONG1, 10 bytes, 0x1950a86a20f9469cfc6c. */
export const legacyMagic = Uint8Array.of(0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
const LEGACY_PROTOCOL = 1001

/**
 * The most opcodes that a pickle may have. An opcode makes at most about 40 bytes of objects, so this limits them to
 * about the size of the file. A tensor takes about 40 opcodes, so the limit allows 1,600 tensors in the smallest file
 * and 100,000 in the largest.
 */
const maxOpcodes = (bytes: Uint8Array) => Math.min(Math.max(2 ** 16, Math.floor(bytes.length / 32)), 2 ** 22)

/**
 * Reads the state dict from the zip container that torch.save has written since PyTorch 1.6: a record `data.pkl` and
 * one record for each storage (https://pytorch.org/docs/stable/notes/serialization.html).
 *
 * @throws FormatError if the file is damaged or not a checkpoint with weights.
 */
export function readTorchZip(bytes: Uint8Array): Map<string, Weight<Uint8Array>> {
  const zip = new Zip(bytes)
  const pickleName = zip.names.find(name => /^(?:[^/]+\/)?data\.pkl$/.test(name))
  if (pickleName === undefined) {
    throw new FormatError('the zip archive has no record data.pkl, so it is not a PyTorch checkpoint')
  }
  const folder = pickleName.slice(0, -'data.pkl'.length)
  if (zip.names.some(name => name === `${folder}constants.pkl` || name.startsWith(`${folder}code/`))) {
    throw new FormatError(
      'this is a TorchScript program, not weights; save its weights with torch.save(torch.jit.load(path).state_dict(), path)',
    )
  }
  const record = (name: string): Uint8Array => {
    const found = zip.read(folder + name)
    if (!found) throw new FormatError(`the checkpoint has no record ${quote(name)}; the file may be cut short`)
    return found
  }
  const byteOrder = zip.read(`${folder}byteorder`)
  if (byteOrder && new TextDecoder().decode(byteOrder.subarray(0, 16)).trim() !== 'little') throw bigEndian()

  const { value } = unpickle(record('data.pkl'), new TorchHost(), { maxOpcodes: maxOpcodes(bytes) })
  return gatherWeights(findStateDict(value), storage => record(`data/${storage.key}`), bytes.length)
}

/**
 * Reads the state dict from the container that torch.save wrote before PyTorch 1.6: five pickles (magic number,
 * protocol, system, the object, the keys of its storages), then the length and the bytes of each storage.
 *
 * @throws FormatError if the file is damaged or not a checkpoint with weights.
 */
export function readTorchLegacy(bytes: Uint8Array): Map<string, Weight<Uint8Array>> {
  const host = new TorchHost()
  let end = 0
  const next = (): Pickled => {
    const pickle = unpickle(bytes, host, { start: end, maxOpcodes: maxOpcodes(bytes) })
    end = pickle.end
    return pickle.value
  }
  next()
  const protocol = next()
  if (protocol !== LEGACY_PROTOCOL) throw new FormatError('the checkpoint has an unknown version of the legacy format')
  const system = next()
  if (system instanceof Map && system.get('little_endian') === false) throw bigEndian()
  const value = next()
  const keys = next()
  if (!Array.isArray(keys)) throw new FormatError('the checkpoint has no list of its storages')

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = new Map<string, Uint8Array>()
  for (const key of keys) {
    const storage = typeof key === 'string' ? host.storages.get(key) : undefined
    if (!storage) throw new FormatError('the checkpoint lists a storage that no tensor refers to')
    const start = end + 8
    end = start + storage.length * dtypeBytes[storage.dtype]
    if (end > bytes.length) {
      throw new FormatError(`storage ${quote(storage.key)} reaches beyond the end of the file, which may be cut short`)
    }
    const length = view.getBigInt64(start - 8, true)
    if (length !== BigInt(storage.length)) {
      throw new FormatError(`storage ${quote(storage.key)} has ${length} elements, not ${storage.length}`)
    }
    found.set(storage.key, bytes.subarray(start, end))
  }
  const bytesOf = ({ key }: TorchStorage): Uint8Array => {
    const storage = found.get(key)
    if (!storage) throw new FormatError(`the checkpoint does not list storage ${quote(key)}`)
    return storage
  }
  return gatherWeights(findStateDict(value), bytesOf, bytes.length)
}

function bigEndian(): FormatError {
  return new FormatError('the checkpoint was saved on a big-endian machine; load it there and save it as safetensors')
}
