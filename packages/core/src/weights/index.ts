export { dtypeBytes, type StorageType, storageTypes } from './storage-types.ts'
export {
  checkWeight,
  elementCount,
  floatsIn,
  fromFloat32,
  isInMemory,
  misfitOf,
  type ReadBytes,
  readElements,
  readFloat32,
  toFloat32,
  type Weight,
} from './weight.ts'
