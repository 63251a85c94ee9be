/** A turn of the event loop, so that signals and messages that came while WebAssembly ran are heard. */
export function turn(): Promise<void> {
  // Timers of browsers wait four milliseconds, messages do not.
  if (typeof setImmediate === 'function') return new Promise(resolve => setImmediate(resolve))
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
