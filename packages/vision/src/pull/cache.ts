import { PullError } from './errors.ts'

/**
 * The folder for what can be got again: `RESIDUAL_HOME`, or else `residual` in `XDG_CACHE_HOME`, or in the place that
 * the system has for it: `~/.cache`, on macOS `~/Library/Caches`, on Windows `%LOCALAPPDATA%`. It need not exist.
 * @throws PullError where there is no file system.
 */
export async function cacheDirectory(): Promise<string> {
  if (typeof process === 'undefined' || process.versions?.node === undefined) {
    throw new PullError('there is no cache folder here; give the data as a URL or Blob')
  }
  const [{ homedir }, { isAbsolute, join, resolve }] = await Promise.all([import('node:os'), import('node:path')])
  const { env, platform } = process
  if (env.RESIDUAL_HOME) return resolve(env.RESIDUAL_HOME)
  // The XDG specification has relative paths ignored.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, 'residual')
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'residual')
  return join(homedir(), ...(platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']), 'residual')
}
