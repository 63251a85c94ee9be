import { compileModule } from '#platform'
import { KernelError } from './errors.ts'
import { Heap } from './memory.ts'

/** The kernels' instruction sets; `relaxed` adds fused multiply-add and needs Node 22, Chrome 114 or later. */
export type Build = 'simd128' | 'relaxed'

type Variant = Build | `${Build}-shared`

// Written out, so that bundlers find the files.
const variants = {
  simd128: {
    glue: () => import('../wasm/simd128/residual.js'),
    wasm: new URL('../wasm/simd128/residual_bg.wasm', import.meta.url),
  },
  relaxed: {
    glue: () => import('../wasm/relaxed/residual.js'),
    wasm: new URL('../wasm/relaxed/residual_bg.wasm', import.meta.url),
  },
  'simd128-shared': {
    glue: () => import('../wasm/simd128-shared/residual.js'),
    wasm: new URL('../wasm/simd128-shared/residual_bg.wasm', import.meta.url),
  },
  'relaxed-shared': {
    glue: () => import('../wasm/relaxed-shared/residual.js'),
    wasm: new URL('../wasm/relaxed-shared/residual_bg.wasm', import.meta.url),
  },
}

// In pages of 64 KB. The first must be at least the size that the module declares, the second exactly its maximum.
const INITIAL_PAGES = 64
const MAXIMUM_PAGES = 65_536

export interface Instance {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  heap: Heap
  glue: Glue
}

/** The generated module of a build with shared memory; the others only lack the memory parameter. */
type Glue = typeof import('../wasm/simd128-shared/residual.js')

// (module (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd))
const RELAXED_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
]
// The same with (v128) -> (v128): any module that mentions v128.
const SIMD_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 6, 1, 4, 0, 32, 0, 11]

/** The builds that this engine can run, the fastest first. */
export function supportedBuilds(): Build[] {
  const runs = (probe: number[]) => WebAssembly.validate(new Uint8Array(probe))
  return [...(runs(RELAXED_PROBE) ? (['relaxed'] as const) : []), ...(runs(SIMD_PROBE) ? (['simd128'] as const) : [])]
}

/** Whether memory may be shared between threads here; browsers require the page to be cross-origin isolated. */
export function threadsSupported(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true
  return isolated && typeof SharedArrayBuffer === 'function'
}

/**
 * Chooses the build to run.
 * @throws KernelError if the engine does not support it.
 */
export function chooseBuild(wanted: Build | 'auto'): Build {
  const supported = supportedBuilds()
  const build = wanted === 'auto' ? supported[0] : supported.find(name => name === wanted)
  if (build) return build
  const has = supported.length > 0 ? `has ${supported.join(' and ')}` : 'has no WebAssembly SIMD'
  throw new KernelError(
    `build: this JavaScript engine cannot run '${wanted}', it ${has}; leave build out, or update it`,
  )
}

/** Instantiates one build, streaming it if it comes over the network. */
export async function instantiate(build: Build, shared: boolean): Promise<Instance> {
  const variant: Variant = shared ? `${build}-shared` : build
  const { glue: load, wasm } = variants[variant]
  const [glue, module] = await Promise.all([load() as Promise<Glue>, compileModule(wasm)])
  const memory = shared ? initShared(module, glue) : initAlone(module, glue)
  return { module, memory, glue, heap: new Heap(memory, glue) }
}

function initAlone(module: WebAssembly.Module, glue: Glue): WebAssembly.Memory {
  return (glue.initSync({ module }) as unknown as { memory: WebAssembly.Memory }).memory
}

function initShared(module: WebAssembly.Module, glue: Glue): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES, shared: true })
  glue.initSync({ module, memory })
  return memory
}
