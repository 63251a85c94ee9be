import { KernelError } from './errors.ts'

/** Fetches a WebAssembly file and compiles it, while it arrives if the server names its type. */
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
