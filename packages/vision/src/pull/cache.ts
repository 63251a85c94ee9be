import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/**
 * The folder for files that can be downloaded again: `RESIDUAL_HOME`, or else `residual` in `XDG_CACHE_HOME`, or else
 * `residual` in the system's cache folder: `~/.cache`, on macOS `~/Library/Caches`, on Windows `%LOCALAPPDATA%`. It
 * need not exist.
 */
export async function cacheDirectory(): Promise<string> {
  const { env, platform } = process
  if (env.RESIDUAL_HOME) return resolve(env.RESIDUAL_HOME)
  // According to the XDG specification, relative paths are ignored.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, 'residual')
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'residual')
  return join(homedir(), ...(platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']), 'residual')
}
