// PyTorch in its own process, which does a step for each line that it receives and waits in between.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fromFloat32, writeSafetensors } from '../../packages/core/dist/index.js'
import { optimizer } from './problem.mjs'

const script = fileURLToPath(new URL('../pytorch/training.py', import.meta.url))

export async function prepare(problem, { threads, python }) {
  const folder = mkdtempSync(join(tmpdir(), 'residual-bench-'))
  const file = join(folder, 'problem.safetensors')
  const shapes = new Map([...problem.learned, ...problem.updates.keys()].map(p => [p.attributes.name, p.shape]))
  const tensors = new Map(
    [...shapes].map(([name, shape]) => [name, fromFloat32(problem.parameters.get(name), shape, 'F32')]),
  )
  const { batch, side } = problem
  tensors.set('images', fromFloat32(problem.images, [batch, side, side, 3], 'F32'))
  tensors.set('labels', fromFloat32(Float32Array.from(problem.labels), [batch], 'F32'))
  writeFileSync(file, writeSafetensors(tensors))

  const child = spawn(python, [script, problem.name, file, String(threads), JSON.stringify(optimizer)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.once('error', error => {
    console.error(`--python ${python}: ${error.message}`)
    process.exit(1)
  })
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`PyTorch ended early; ${python} needs what bench/pytorch/requirements.txt lists`)
    return JSON.parse(value)
  }
  const ask = command => {
    child.stdin.write(`${command}\n`)
    return answer()
  }
  const { version } = await answer()
  rmSync(folder, { recursive: true })
  return {
    version,
    step: () => ask('step'),
    /** Megabytes of this process: its peak, and the peak's increase over the memory before the network was made. */
    peak: () => ask('memory'),
    close: () => child.kill(),
  }
}
