import { isatty } from 'node:tty'

/**
 * Signals that ask a program to end: Ctrl-C, what `kill`, systemd, Slurm and Kubernetes send, and a closed terminal.
 */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

type EndSignal = keyof typeof STATUS

const SIGNALS = Object.keys(STATUS) as EndSignal[]

/** `timeout`, npm and shells send a signal to a process and then to its group: several within a second count as one. */
const ECHO_MILLISECONDS = 1000

/**
 * Runs work that Ctrl-C, SIGTERM and SIGHUP stop at its next good moment, by aborting its signal. A reader of stdout
 * that goes away stops it too. The exit status is then 128 plus the number of the signal, or 0 for a reader, unless the
 * work fails. A second signal ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new Interrupt()
  running.add(interrupt)
  try {
    const result = await work(interrupt.signal)
    interrupt.setStatus()
    return result
  } finally {
    interrupt.leave()
    running.delete(interrupt)
  }
}

/**
 * Stops the work that {@link interruptible} runs, because nobody reads stdout any more.
 * @param isHungUp whether it was a terminal, whose SIGHUP may come later.
 * @returns whether there was any work to stop.
 */
export function interruptForReader(isHungUp: boolean): boolean {
  for (const interrupt of running) interrupt.stop(isHungUp ? STATUS.SIGHUP : 0)
  return running.size > 0
}

class Interrupt {
  readonly #controller = new AbortController()
  #status = 0
  #since = 0
  readonly #hasTerminal = process.platform !== 'win32' && [0, 1, 2].some(isatty)
  readonly #listener = (signal: EndSignal) => {
    if (this.#status === 0) this.stop(STATUS[signal])
    else if (performance.now() - this.#since > ECHO_MILLISECONDS) this.#endNow(signal)
  }

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#listener)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  stop(status: number): void {
    if (this.#status > 0) return
    this.#status = status
    this.#since = performance.now()
    this.#controller.abort()
  }

  setStatus(): void {
    if (!this.signal.aborted) return
    process.exitCode = this.#status
    // Node crashes on exit if it cannot reset a terminal that is gone.
    if (this.#status === STATUS.SIGHUP && this.#hasTerminal) process.once('exit', () => this.#endNow('SIGHUP'))
  }

  leave(): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener)
  }

  /** Ends by the signal itself: `process.exit` waits for running file operations, which never end on a broken disk. */
  #endNow(signal: EndSignal): void {
    this.leave()
    // Windows cannot send SIGHUP.
    process.kill(process.pid, process.platform === 'win32' ? 'SIGKILL' : signal)
  }
}

const running = new Set<Interrupt>()
