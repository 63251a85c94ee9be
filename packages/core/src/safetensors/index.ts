export { readSafetensors, type SafetensorsFile, scanSafetensors, type TensorRange } from './read.ts'
export { writeSafetensors } from './write.ts'
