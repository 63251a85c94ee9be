export * from './graph/index.ts'
export * from './report/index.ts'
