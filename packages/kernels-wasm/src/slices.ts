import { turn } from '#turn'

/** Milliseconds after which a page may draw and respond to its user: half of a frame at 60 Hz. */
const SLICE = 8

/** Takes steps 0 to `count - 1`, and lets the event loop turn whenever they have taken longer than a slice. */
export async function inSlices(count: number, step: (index: number) => void): Promise<void> {
  let start = performance.now()
  for (let index = 0; index < count; index++) {
    if (performance.now() - start > SLICE) {
      await turn()
      start = performance.now()
    }
    step(index)
  }
}
