export { fromFloat32, toFloat32 } from './convert.ts'
export { readSafetensors, type SafetensorsFile } from './read.ts'
export type { StoredDType, StoredTensor, StoredTensors } from './tensor.ts'
export { writeSafetensors } from './write.ts'
