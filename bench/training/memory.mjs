// Measures the memory of this library's training steps in its own process:
//
//   node training/memory.mjs ARCH BATCH SIDE THREADS
import { readFileSync, writeFileSync } from 'node:fs'
import { problem } from './problem.mjs'
import { prepare } from './residual.mjs'

const [name, batch, side, threads] = process.argv.slice(2)
const megabytes = field =>
  Number(readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024

// Resets the peak.
writeFileSync('/proc/self/clear_refs', '5')
const baseline = megabytes('VmRSS')
const { step, memory } = await prepare(problem(name, { batch: Number(batch), side: Number(side) }), {
  threads: Number(threads),
})
for (let i = 0; i < 3; i++) await step()
const peak = megabytes('VmHWM')
console.log(JSON.stringify({ peak, increase: peak - baseline, program: memory }))
process.exit()
