import { ModelError } from './errors.ts'

/** Whether files are read by Node's own module; otherwise everything is fetched. */
const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined

const isFetched = (location: string): boolean => !isNode || /^(https?|data|blob):/.test(location)

/** What is at a path or URL. */
export type Kind = 'file' | 'directory'

/**
 * Looks a path up; `undefined` where there is nothing. What is fetched cannot be looked up: there a name that ends like
 * those of weights is a file, any other a directory.
 */
export async function kindOf(location: string): Promise<Kind | undefined> {
  if (isFetched(location)) return /\.(safetensors|pth?|th|bin)([?#]|$)/.test(location) ? 'file' : 'directory'
  const { stat } = await import('node:fs/promises')
  const found = await unlessMissing(location, async () => stat(pathOf(location)))
  return found && (found.isDirectory() ? 'directory' : 'file')
}

/**
 * The bytes at a path or URL, `undefined` where there is nothing.
 * @throws ModelError where there is something that cannot be read.
 */
export async function readFileIfThere(location: string): Promise<Uint8Array | undefined> {
  if (isFetched(location)) {
    return unlessMissing(location, async () => {
      const response = await fetch(location)
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
    })
  }
  const { readFile } = await import('node:fs/promises')
  return unlessMissing(location, async () => readFile(pathOf(location)))
}

/** A path as it is, a file: URL as an object, which Node's functions take as well. */
const pathOf = (location: string): string | URL => (location.startsWith('file:') ? new URL(location) : location)

async function unlessMissing<T>(location: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw new ModelError(`cannot read ${JSON.stringify(location)}: ${error.message}`)
  }
}
