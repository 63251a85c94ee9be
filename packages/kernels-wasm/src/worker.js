// A thread of the pool. Plain JavaScript, because Node starts it straight from src/ as well as from dist/.

import * as relaxed from '../wasm/relaxed-shared/residual.js'
import * as simd128 from '../wasm/simd128-shared/residual.js'

// Imported statically and without `await` at the top, which bundlers do not allow in the workers they make.
const glues = { simd128, relaxed }

/** Bytes; the kernels keep their row pointers on the heap and need little stack. */
const STACK_SIZE = 1 << 20

/** @param {import('./workers.ts').WorkerStart} start */
function run({ build, module, memory, control, thread, last }, /** @type {() => void} */ ready) {
  const glue = glues[build]
  glue.initSync({ module, memory, thread_stack_size: STACK_SIZE })
  ready()
  glue.work(control, thread, last)
}

if (typeof WorkerGlobalScope === 'undefined') {
  import('node:worker_threads').then(({ parentPort }) => {
    parentPort?.once('message', start => run(start, () => parentPort.postMessage('ready')))
  })
} else {
  globalThis.addEventListener('message', event => run(event.data, () => globalThis.postMessage('ready')), {
    once: true,
  })
}
