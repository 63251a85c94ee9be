import { readFileSync } from 'node:fs'

/** Prints what startup.mjs wants to know of a process that has just made its first prediction. Megabytes of 10^6. */
export function report(logits) {
  const predicted = performance.timeOrigin + performance.now()
  const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  const megabytes = kibibytes => (Number(kibibytes) * 1024) / 1e6
  const memory = { resident: megabytes(resident), peak: megabytes(process.resourceUsage().maxRSS) }
  process.stdout.write(JSON.stringify({ predicted, ...memory, logit: logits[0], node: process.versions.node }))
  process.exit()
}

/** A picture of so many values, the same for all. */
export const picture = count => new Float32Array(count).fill(0.5)
