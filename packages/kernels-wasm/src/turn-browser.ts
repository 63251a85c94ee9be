/** Waits for one turn of the event loop, so that input and messages that came while WebAssembly ran are handled. */
export function turn(): Promise<void> {
  // A message queues after other waiting tasks. Timers are held back for 4 ms, and promises let no tasks in between.
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
