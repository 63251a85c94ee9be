import { bar, clearStatus, count, cyan, showStatus } from './output.ts'

const WIDTH = 20

/** Shows how far a long run is in the last line of a terminal, as a bar with numbers; elsewhere shows nothing. */
export class Progress {
  readonly #label: readonly string[]
  readonly #first: number
  readonly #start = performance.now()

  /**
   * @param label what runs, where there are several runs
   * @param first how much was done before, as in a training that is resumed; default 0
   */
  constructor({ label = '', first = 0 } = {}) {
    this.#label = label === '' ? [] : [label]
    this.#first = first
  }

  /**
   * @param numbers texts after the bar; default: how many images of how many, and how many a second
   * @param secondsLeft default: at the average speed so far; nothing is shown for a number that is not finite
   */
  update(done: number, total: number, numbers?: readonly string[], secondsLeft?: number): void {
    const rate = (1000 * (done - this.#first)) / (performance.now() - this.#start)
    const filled = cyan(bar(done / total, WIDTH).padEnd(WIDTH), process.stderr)
    const shown = numbers ?? [`${count(done)}/${count(total)}`, `${count(Math.round(rate))} images/s`]
    const left = secondsLeft ?? (total - done) / rate
    const ends = Number.isFinite(left) ? [`${clock(left)} left`] : []
    showStatus([...this.#label, filled, ...shown, ...ends].join('  '))
  }

  /** Wipes the bar away. */
  clear(): void {
    clearStatus()
  }
}

/** Shows a bar while some work on images runs; the work calls the function it is given. */
export async function withProgress<T>(
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress()
  try {
    return await work((done, total) => progress.update(done, total))
  } finally {
    progress.clear()
  }
}

/** `3723.4` seconds as `1:02:04`, `64` as `1:04`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
