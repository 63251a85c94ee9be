import { FormatError, readSafetensors, type Weight } from '@residual/core'
import { normalizeKeys } from './normalize-keys.ts'
import { legacyMagic, readTorchLegacy, readTorchZip } from './torch-files.ts'

/**
 * Reads a file of weights: safetensors, or a PyTorch checkpoint (`.pth`, `.pt`, `.th`, `.bin`) in either of its
 * containers. The content determines the format. From a checkpoint it returns the tensors of the state dict, which may
 * be nested. The pickle is read as data, and nothing in it is ever executed. Names are changed to torchvision's.
 *
 * Weights are views into `bytes`, except those with strides that are not row-major.
 *
 * @throws FormatError if the file is damaged or of another kind.
 */
export function readWeights(bytes: Uint8Array): Map<string, Weight<Uint8Array>> {
  // Make a plain array: subarrays of a Node Buffer would be Buffers, and their slice() does not copy.
  return normalizeKeys(readByContent(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
}

/** Bytes at the beginning of a file that determine its format. */
const FORMAT_BYTES = 32

/** Identifies the format of a weights file by its beginning; `undefined` if it is another kind of file. */
export function formatOf(start: Uint8Array): 'zip' | 'legacy' | 'safetensors' | undefined {
  if (startsWith(start, 'PK\x03\x04') || startsWith(start, 'PK\x05\x06')) return 'zip'
  // Since protocol 4 there is a frame opcode of nine bytes before the first one.
  const magicAt = start[2] === 0x95 ? 11 : 2
  if (isPickle(start) && legacyMagic.every((byte, i) => start[magicAt + i] === byte)) return 'legacy'
  return start[8] === 0x7b ? 'safetensors' : undefined
}

/** @throws FormatError if a file that begins this way is not a weights file. */
export function checkFormat(start: Uint8Array): void {
  if (!formatOf(start)) throw notWeights(start)
}

function readByContent(bytes: Uint8Array): Map<string, Weight<Uint8Array>> {
  switch (formatOf(bytes.subarray(0, FORMAT_BYTES))) {
    case 'zip':
      return readTorchZip(bytes)
    case 'legacy':
      return readTorchLegacy(bytes)
    case 'safetensors':
      return readSafetensors(bytes).tensors
    default:
      throw notWeights(bytes)
  }
}

const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5

const notWeights = (bytes: Uint8Array) => new FormatError(isPickle(bytes) ? plainPickle : whatElse(bytes))

const plainPickle =
  'this is a plain pickle, not a checkpoint of torch.save; save the weights with torch.save(model.state_dict(), path)'

/** Describes files that people download or pass by mistake. */
function whatElse(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the file is empty'
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 512)).trimStart().toLowerCase()
  if (text.startsWith('version https://git-lfs')) return 'this is a git-lfs pointer, not the weights; run git lfs pull'
  if (text.startsWith('<')) return 'this is a web page, not weights; the download may need another address'
  if (text.slice(257).startsWith('ustar')) {
    return 'this is a tar archive; if PyTorch before 0.1.10 saved it, load it there and save model.state_dict() again'
  }
  if (startsWith(bytes, '\x1f\x8b')) return 'this is a gzip archive; unpack it first'
  return 'this is neither a safetensors file nor a PyTorch checkpoint'
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((character, i) => bytes[i] === character.charCodeAt(0))
}
