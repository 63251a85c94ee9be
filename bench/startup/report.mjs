import { readFileSync } from 'node:fs'

/** Reports to startup.mjs that a process has just made its first prediction. A megabyte is 10^6 bytes. */
export function report(logits) {
  const predicted = performance.timeOrigin + performance.now()
  // Not resourceUsage().maxRSS, which counts the process that started this one.
  const status = readFileSync('/proc/self/status', 'utf8')
  const megabytes = name => (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024) / 1e6
  const memory = { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') }
  process.stdout.write(JSON.stringify({ predicted, ...memory, logit: logits[0], node: process.versions.node }))
  process.exit()
}

/** An image of this many values, which is the same for all. */
export const image = count => new Float32Array(count).fill(0.5)
