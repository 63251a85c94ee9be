export { fromFloat32, toFloat32 } from './convert.ts'
export { readSafetensors, type SafetensorsFile, type StoredRange, scanSafetensors } from './read.ts'
export { dtypeBytes, type StoredDType, type StoredTensor, type StoredTensors } from './tensor.ts'
export { writeSafetensors } from './write.ts'
