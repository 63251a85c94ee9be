import { bar, clearStatus, count, cyan, showStatus } from './output.ts'

const WIDTH = 20

/** Shows the progress of a long run in the last line of a terminal, as a bar with numbers; elsewhere shows nothing. */
export class Progress {
  readonly #label: readonly string[]
  readonly #first: number
  readonly #start = performance.now()

  /**
   * @param label what runs, if there are several runs
   * @param first how much was already done, as in a resumed training; default 0
   */
  constructor({ label = '', first = 0 } = {}) {
    this.#label = label === '' ? [] : [label]
    this.#first = first
  }

  /**
   * @param numbers texts after the bar; default: the images done, all images, and images per second
   * @param secondsLeft default: estimated from the average speed so far; a number that is not finite is not shown
   */
  update(done: number, total: number, numbers?: readonly string[], secondsLeft?: number): void {
    const rate = (1000 * (done - this.#first)) / (performance.now() - this.#start)
    const filled = cyan(bar(done / total, WIDTH).padEnd(WIDTH), process.stderr)
    const shown = numbers ?? [`${count(done)}/${count(total)}`, `${count(Math.round(rate))} images/s`]
    const left = secondsLeft ?? (total - done) / rate
    const ends = Number.isFinite(left) ? [`${clock(left)} left`] : []
    showStatus([...this.#label, filled, ...shown, ...ends].join('  '))
  }

  /** Clears the bar. */
  clear(): void {
    clearStatus()
  }
}

/** Shows a bar while work on images runs; the work reports its progress to the function that it gets. */
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
