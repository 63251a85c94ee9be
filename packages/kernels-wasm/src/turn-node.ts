/** Waits for one turn of the event loop, so that signals and messages that came while WebAssembly ran are handled. */
export const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
