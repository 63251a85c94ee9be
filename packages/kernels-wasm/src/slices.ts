/** Milliseconds after which a page may draw and answer its user; half of what a frame lasts at 60 Hz. */
const SLICE = 8

/** Takes steps 0 to `count - 1`, and lets the event loop turn whenever they have taken longer than a slice. */
export async function inSlices(count: number, step: (index: number) => void): Promise<void> {
  let start = performance.now()
  for (let index = 0; index < count; index++) {
    if (performance.now() - start > SLICE) {
      await nextTask()
      start = performance.now()
    }
    step(index)
  }
}

/** A message queues after whatever else waits; timers are held back for 4 ms, and promises let nothing in between. */
function nextTask(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
