export { dtypeBytes, type StorageType, storageTypes } from './storage-types.ts'
export {
  checkWeight,
  copyElements,
  elementCount,
  fromFloat32,
  isInMemory,
  isToBeRead,
  misfitOf,
  type ReadBytes,
  readElements,
  readFloat32,
  toFloat32,
  type Weight,
} from './weight.ts'
