import { FormatError, quote, type StorageType, sizeOf } from '@residual/core'
import { Global, inert, type Pickled, type PickleHost } from './pickle.ts'

/** A part of the file that holds the elements of tensors. */
export interface TorchStorage {
  readonly key: string
  readonly dtype: StorageType
  /** Number of elements of the whole storage. */
  readonly length: number
}

/** A tensor as the pickle describes it: a strided window into a storage. Offset and strides count elements. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A storage, or a part of one that has its own name in a legacy file. */
class StorageWindow {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly length: number,
  ) {}
}

const storageTypes: ReadonlyMap<string, StorageType> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
  ['torch.storage.UntypedStorage', 'U8'],
])

/** PyTorch's limit on the number of axes. */
const MAX_AXES = 64

type Reduction = (args: readonly Pickled[]) => Pickled

/**
 * Every global that a pickle may name besides the storage types, with a function for its calls that returns only data.
 */
const reductions = new Map<string, Reduction>([
  ['collections.OrderedDict', orderedDict],
  ['collections.defaultdict', () => new Map()],
  ['collections.Counter', () => inert],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', ([data]) => data ?? null],
  ['torch._utils._rebuild_parameter_with_state', ([data]) => data ?? null],
])
for (const name of [
  'torch.Size',
  'torch.device',
  ...['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'].map(
    dtype => `torch.${dtype}`,
  ),
  // Arguments and scores of training scripts.
  'argparse.Namespace',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  '_codecs.encode',
  ...['set', 'frozenset', 'dict', 'list', 'int'].flatMap(type => [`builtins.${type}`, `__builtin__.${type}`]),
]) {
  reductions.set(name, () => inert)
}

/** Makes the objects of pickles that torch.save wrote, and collects the storages that they refer to. */
export class TorchHost implements PickleHost {
  readonly storages = new Map<string, TorchStorage>()

  global(name: string): Global {
    if (reductions.has(name) || storageTypes.has(name)) return new Global(name)
    throw new FormatError(
      `the file needs the Python object ${quote(name)}, which weights do not; nothing was executed. ` +
        'Save model.state_dict() alone, or write it as safetensors',
    )
  }

  reduce(callee: Global, args: readonly Pickled[]): Pickled {
    return reductions.get(callee.name)?.(args) ?? inert
  }

  persistent(id: Pickled): Pickled {
    const [kind, type, key, , length, view] = Array.isArray(id) ? id : []
    const dtype = type instanceof Global ? storageTypes.get(type.name) : undefined
    if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isWhole(length)) {
      throw new FormatError('the pickle refers to something outside itself that is not a storage')
    }
    const known = this.storages.get(key)
    if (known && (known.dtype !== dtype || known.length !== length)) {
      throw new FormatError(`storage ${quote(key)} is described in two ways`)
    }
    const storage = known ?? { key, dtype, length }
    this.storages.set(key, storage)
    if (view === undefined || view === null) return new StorageWindow(storage, 0, length)
    const [, offset, viewLength] = Array.isArray(view) ? view : []
    if (!isWhole(offset) || !isWhole(viewLength) || offset + viewLength > length) {
      throw new FormatError(`storage ${quote(key)} has a view that reaches beyond its ${length} elements`)
    }
    return new StorageWindow(storage, offset, viewLength)
  }
}

/** Python 2 pickles the items as an argument; Python 3 sets them afterwards. */
function orderedDict([items]: readonly Pickled[]): Pickled {
  const map = new Map<Pickled, Pickled>()
  for (const item of Array.isArray(items) ? items : []) {
    if (!Array.isArray(item) || item.length !== 2) throw new FormatError('an OrderedDict has items that are not pairs')
    map.set(item[0], item[1])
  }
  return map
}

/**
 * Arguments: storage, offset, shape and strides; the others concern gradients. Checks that the tensor fits its storage.
 */
function rebuildTensor([window, offset, shape, strides]: readonly Pickled[]): Pickled {
  if (
    !(window instanceof StorageWindow && isWhole(offset) && isShape(shape) && isShape(strides)) ||
    shape.length !== strides.length
  ) {
    throw new FormatError('a tensor is not described by a storage, an offset, a shape and a stride for each axis')
  }
  const described = `a tensor of shape [${shape}] with strides [${strides}]`
  if (!shape.includes(0)) {
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], offset)
    if (last >= window.length) {
      throw new FormatError(
        `${described} from element ${offset} reaches beyond its storage of ${window.length} elements`,
      )
    }
    if (sizeOf(shape) > window.length) {
      throw new FormatError(
        `${described} repeats elements of its storage of ${window.length}; save it after .contiguous()`,
      )
    }
  }
  return new TorchTensor(window.storage, window.offset + offset, shape, strides)
}

function isWhole(value: Pickled | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isShape(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.length <= MAX_AXES && value.every(isWhole)
}
