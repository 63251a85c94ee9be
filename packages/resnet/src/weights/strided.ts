import { dtypeBytes, FormatError, quote, sizeOf, type Weight } from '@residual/core'
import type { TorchStorage, TorchTensor } from './torch-objects.ts'

/**
 * Returns the weights of tensors in row-major order: views of the storages that have this order already, otherwise
 * copies.
 *
 * @param bytesOf returns the bytes of a storage.
 * @param limit the number of bytes that all tensors together may take: the size of the file, so that a small file
 * cannot use the same storage a thousand times.
 * @throws FormatError if a storage has the wrong size, or if the tensors exceed the limit.
 */
export function gatherWeights(
  tensors: ReadonlyMap<string, TorchTensor>,
  bytesOf: (storage: TorchStorage) => Uint8Array,
  limit: number,
): Map<string, Weight<Uint8Array>> {
  const weights = new Map<string, Weight<Uint8Array>>()
  let total = 0
  for (const [name, tensor] of tensors) {
    const { shape, storage } = tensor
    const storageBytes = bytesOf(storage)
    const size = dtypeBytes[storage.dtype]
    if (storageBytes.length !== storage.length * size) {
      throw new FormatError(
        `tensor ${quote(name)}: its storage has ${storageBytes.length} bytes, not ${storage.length} of ${size}`,
      )
    }
    const count = shape.includes(0) ? 0 : sizeOf(shape)
    total += count * size
    if (total > limit) throw new FormatError(`the tensors share storages: together they take more than the whole file`)
    const bytes = isContiguous(tensor)
      ? storageBytes.subarray(tensor.offset * size, (tensor.offset + count) * size)
      : gather(tensor, storageBytes, count)
    weights.set(name, { dtype: storage.dtype, shape, bytes })
  }
  return weights
}

/** Whether a tensor is in row-major order. The strides of axes with one element and of empty tensors do not matter. */
function isContiguous({ shape, strides }: TorchTensor): boolean {
  if (shape.includes(0)) return true
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false
    step *= shape[axis]
  }
  return true
}

/** Copies elements as unsigned integers, so that no NaN changes its bits. */
function gather(tensor: TorchTensor, storageBytes: Uint8Array, count: number): Uint8Array {
  const size = dtypeBytes[tensor.storage.dtype]
  // Legacy files do not align storages.
  const { buffer, byteOffset } = storageBytes.byteOffset % size === 0 ? storageBytes : new Uint8Array(storageBytes)
  const { length } = tensor.storage
  switch (size) {
    case 1:
      return copyElements(tensor, new Uint8Array(buffer, byteOffset, length), new Uint8Array(count))
    case 2:
      return copyElements(tensor, new Uint16Array(buffer, byteOffset, length), new Uint16Array(count))
    case 4:
      return copyElements(tensor, new Uint32Array(buffer, byteOffset, length), new Uint32Array(count))
    case 8:
      return copyElements(tensor, new BigUint64Array(buffer, byteOffset, length), new BigUint64Array(count))
  }
}

function copyElements<E>(
  { offset, shape, strides }: TorchTensor,
  source: { readonly [index: number]: E },
  target: { [index: number]: E; readonly length: number; readonly buffer: ArrayBufferLike },
): Uint8Array {
  const index = shape.map(() => 0)
  const last = shape.length - 1
  for (let to = 0, from = offset; to < target.length; ) {
    for (let i = 0; i < shape[last]; i++) target[to++] = source[from + i * strides[last]]
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= shape[axis] * strides[axis]
      index[axis] = 0
    }
  }
  return new Uint8Array(target.buffer)
}
