// A thread of the pool. Plain JavaScript, because Node starts it straight from src/ as well as from dist/.

/** Written out, so that bundlers find the files. */
const glues = {
  simd128: () => import('../wasm/simd128-shared/residual.js'),
  relaxed: () => import('../wasm/relaxed-shared/residual.js'),
}

/** Bytes; the kernels keep their row pointers on the heap and need little stack. */
const STACK_SIZE = 1 << 20

/** @param {import('./workers.ts').WorkerStart} start */
async function run({ build, module, memory, control, thread, last }, /** @type {() => void} */ ready) {
  const glue = await glues[build]()
  glue.initSync({ module, memory, thread_stack_size: STACK_SIZE })
  ready()
  glue.work(control, thread, last)
}

if (typeof WorkerGlobalScope === 'undefined') {
  const { parentPort } = await import('node:worker_threads')
  parentPort?.once('message', start => run(start, () => parentPort.postMessage('ready')))
} else {
  globalThis.addEventListener('message', event => run(event.data, () => globalThis.postMessage('ready')), {
    once: true,
  })
}
