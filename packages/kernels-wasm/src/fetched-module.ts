import { KernelError } from './errors.ts'

/**
 * Fetches and compiles a WebAssembly file; compiles it during the download if the server names its type.
 * @throws KernelError if it cannot be fetched.
 */
export async function compileFetched(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url).catch((error: Error) => {
    throw new KernelError(`kernels: fetching ${url.href} failed (${error.message})`, { cause: error })
  })
  if (!response.ok) throw new KernelError(`kernels: fetching ${url.href} failed with HTTP ${response.status}`)
  // Without the type application/wasm, a response cannot be streamed.
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}
