import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Line } from './child.ts'
import { kindNames } from './mutant.ts'

/** The longest that one mutant may take before its process is ended. Almost all take milliseconds. */
export const MAX_SECONDS = 10
/** The most memory that a process may use at once; Node and the libraries need a few hundred MB of it. */
export const MAX_BYTES = 2 ** 30

const PROCESSES = 2
const MEMORY_CHECK_MS = 100

/** A mutant that ended in a way that is not allowed. */
interface Fault {
  readonly index: number
  readonly kind: string
  readonly what: string
}

export interface Report {
  readonly faults: readonly Fault[]
  /** How many of each kind opened, and how many were refused. */
  readonly counts: ReadonlyMap<string, { opened: number; refused: number }>
  /** The most bytes that a process had in memory. */
  readonly peak: number
}

/** Which mutants to try. */
export interface Range {
  readonly seed: number
  readonly from: number
  readonly to: number
}

/**
 * Tries mutants in child processes, so that a mutant that hangs, fills the memory or ends its process is just a fault.
 * The processes use the built packages.
 * @param folder the folder with the files of `writeSeeds`
 */
export async function runMutants(folder: string, range: Range): Promise<Report> {
  const script = fileURLToPath(new URL('dist/child.mjs', import.meta.url))
  const entry = fileURLToPath(new URL('child.ts', import.meta.url))
  await build({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  })
  const record = new Recording()
  const lane = async (first: number) => {
    const scratch = join(folder, `scratch ${first}`)
    for (let next = first; next < range.to; ) {
      const numbers = [range.seed, next, PROCESSES, range.to].map(String)
      next = await new Child(record, [script, folder, scratch, ...numbers]).end
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, (_, i) => lane(range.from + i)))
  return record
}

class Recording implements Report {
  readonly faults: Fault[] = []
  readonly counts = new Map(kindNames.map(name => [name, { opened: 0, refused: 0 }]))
  peak = 0

  fault(index: number, what: string): void {
    this.faults.push({ index, kind: kindNames[index % kindNames.length], what })
  }

  ended({ ends, kind, ending, detail, peak }: Extract<Line, { ends: number }>): void {
    this.peak = Math.max(this.peak, peak)
    if (ending === 'opened' || ending === 'refused') this.counts.get(kind)![ending]++
    else this.fault(ends, `${ending}: ${detail}`)
  }
}

/** A process that tries mutants one after the other. */
class Child {
  /** Resolves when the process has ended, to the first mutant that it did not try. */
  readonly end: Promise<number>
  readonly #record: Recording
  readonly #process
  /** The mutant that is being tried. */
  #current: number | undefined
  #next: number
  #isStopped = false
  #timer: NodeJS.Timeout | undefined
  #errors = ''

  constructor(record: Recording, args: readonly string[]) {
    this.#record = record
    this.#next = Number(args[4])
    // As in the tests: Node 20 needs this flag for relaxed SIMD.
    const flags = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []
    this.#process = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process.stderr.on('data', text => {
      this.#errors = `${this.#errors}${text}`.slice(-2000)
    })
    createInterface({ input: this.#process.stdout }).on('line', line => this.#take(JSON.parse(line)))
    const memory = setInterval(() => this.#checkMemory(), MEMORY_CHECK_MS)
    this.end = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        clearInterval(memory)
        clearTimeout(this.#timer)
        if (this.#current === undefined && code !== 0 && !this.#isStopped) reject(new Error(this.#errors))
        this.#stop(`its process ended with ${code ?? signal}: ${this.#errors}`)
        resolve(this.#next)
      })
    })
  }

  #take(line: Line): void {
    if (this.#isStopped) return
    clearTimeout(this.#timer)
    if ('begins' in line) {
      this.#current = line.begins
      this.#timer = setTimeout(() => this.#stop(`took more than ${MAX_SECONDS} s`), MAX_SECONDS * 1000)
    } else {
      this.#record.ended(line)
      if (line.peak > MAX_BYTES) this.#stopForMemory(line.peak)
      this.#current = undefined
      this.#next = line.ends + PROCESSES
    }
  }

  /** Stops a mutant before it fills the machine's memory. Without /proc, this is noticed only when the mutant ends. */
  async #checkMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8').catch(() => '')
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
    if (peak > MAX_BYTES) this.#stopForMemory(peak)
  }

  #stopForMemory(peak: number): void {
    this.#stop(`took the process to ${peak} bytes, wanted at most ${MAX_BYTES}`)
  }

  /** Ends the process because of the mutant that is being tried. */
  #stop(what: string): void {
    if (this.#isStopped || this.#current === undefined) return
    this.#isStopped = true
    this.#record.fault(this.#current, what)
    this.#next = this.#current + PROCESSES
    this.#process.kill('SIGKILL')
  }
}
