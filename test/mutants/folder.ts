import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kindNames, type Seeds } from './mutant.ts'

const filesOf = async (folder: string): Promise<Uint8Array[]> =>
  Promise.all((await readdir(folder)).sort().map(async name => new Uint8Array(await readFile(join(folder, name)))))

/** Reads the files that `writeSeeds` wrote. */
export const readSeeds = (folder: string): Promise<Seeds> =>
  Promise.all(kindNames.map((_, place) => filesOf(join(folder, `${place}`))))

/** Makes the model directories for the mutants of JSON files, each with only the weights. */
export async function makeScratch(scratch: string, [[weights]]: Seeds): Promise<void> {
  for (const directory of ['config.json', 'preprocessor_config.json']) {
    await mkdir(join(scratch, directory), { recursive: true })
    await writeFile(join(scratch, directory, 'model.safetensors'), weights)
  }
}
