/** Whether files are read by Node's own module; otherwise everything is fetched. */
const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined

const isRemote = (location: string): boolean => /^(https?|data|blob):/.test(location)

/** What is at a path or URL. */
export type Kind = 'file' | 'directory' | 'nothing'

/** Looks a path up. What is fetched cannot be looked up: there a name that ends like weights is a file, any other a directory. */
export async function kindOf(location: string): Promise<Kind> {
  if (!isNode || isRemote(location)) return /\.(safetensors|pth?|th|bin)([?#]|$)/.test(location) ? 'file' : 'directory'
  const { stat } = await import('node:fs/promises')
  try {
    return (await stat(pathOf(location))).isDirectory() ? 'directory' : 'file'
  } catch (error) {
    if (isMissing(error)) return 'nothing'
    throw error
  }
}

/** The bytes at a path or URL, `undefined` where there is nothing. */
export async function readFileIfThere(location: string): Promise<Uint8Array | undefined> {
  if (isNode && !isRemote(location)) {
    const { readFile } = await import('node:fs/promises')
    try {
      return await readFile(pathOf(location))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  const response = await fetch(location)
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
}

/** A path as it is, a file: URL as an object, which Node's functions take as well. */
const pathOf = (location: string): string | URL => (location.startsWith('file:') ? new URL(location) : location)

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
