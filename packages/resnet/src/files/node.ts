// The functions for Node, which has a file system; browser.ts has the same functions without one.

export { takeLock } from './lock.ts'
export { isFetched, kindOf, openWeightsIfThere, readFileIfThere } from './read.ts'
export { appendToFile, makeDirectory, replaceFile, replaceFiles } from './write.ts'
