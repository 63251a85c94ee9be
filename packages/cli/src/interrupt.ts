/** Ctrl-C as a signal to stop at the next good moment; the second one ends the process at once. */
export class Interrupt {
  readonly #stop = new AbortController()
  readonly #listener = () => {
    if (this.#stop.signal.aborted) process.exit(130)
    this.#stop.abort()
  }

  constructor() {
    process.on('SIGINT', this.#listener)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Listens no longer, and sets the exit status if there was an interrupt. */
  end(): void {
    process.off('SIGINT', this.#listener)
    if (this.signal.aborted) process.exitCode = 130
  }
}
