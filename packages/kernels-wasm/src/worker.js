// A thread of the pool. Plain JavaScript, because Node starts it directly from both src/ and dist/.

import { listenOnce, post } from '#port'
import * as relaxed from '../wasm/relaxed-shared/residual.js'
import * as simd128 from '../wasm/simd128-shared/residual.js'

// Imported statically and without top-level `await`, which bundlers do not allow in the workers they make.
const glues = { simd128, relaxed }

/** Bytes; the kernels keep their row pointers in the program's workspace and need little stack. */
const STACK_SIZE = 1 << 20

listenOnce(({ build, module, memory, control, thread }) => {
  const glue = glues[build]
  glue.initSync({ module, memory, thread_stack_size: STACK_SIZE })
  // Ready. From now on, this thread never returns to its event loop, and is terminated from outside.
  post(true)
  for (;;) {
    const ok = glue.work(control, thread)
    if (thread === 0) post(ok)
  }
})
