// Files where there is a file system; browser.ts has the same functions for where there is none.

export { takeLock } from './lock.ts'
export { isFetched, kindOf, openWeightsIfThere, readFileIfThere } from './read.ts'
export { appendToFile, makeDirectory, replaceFile, replaceFiles } from './write.ts'
