export { toOnnx } from './write.ts'
