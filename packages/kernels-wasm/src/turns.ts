/** Runs asynchronous tasks one after another, in the order in which they were given. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve()

  /** Starts a task once all tasks before it have settled. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.last.then(task)
    this.last = turn.catch(() => {})
    return turn
  }
}
