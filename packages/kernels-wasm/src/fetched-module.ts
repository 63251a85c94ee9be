import { KernelError } from './errors.ts'

/** Fetches a WebAssembly file and compiles it, as it arrives where the server names its type. */
export async function compileFetched(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url).catch((error: Error) => {
    throw new KernelError(`kernels: fetching ${url.href} failed (${error.message})`, { cause: error })
  })
  if (!response.ok) throw new KernelError(`kernels: fetching ${url.href} failed with HTTP ${response.status}`)
  // A server that does not know the type application/wasm cannot be streamed from.
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
}
