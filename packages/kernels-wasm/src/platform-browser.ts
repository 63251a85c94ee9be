import { compileFetched } from './fetched-module.ts'
import type { Thread, ThreadEvents } from './workers.ts'

/** Compiles the WebAssembly file at a URL. */
export const compileModule = (url: URL): Promise<WebAssembly.Module> => compileFetched(url)

/** Whether this thread must never block: a page's main thread draws and handles input. Only pages have documents. */
export const mustNotBlock = (): boolean => typeof document !== 'undefined'

export function startThread(events: ThreadEvents): Thread {
  // The whole expression is in one place, so that bundlers find the file.
  const worker = new Worker(new URL('./worker.browser.js', import.meta.url), { type: 'module' })
  worker.addEventListener('message', event => events.message(event.data))
  worker.addEventListener('error', event => events.ended(event.message || 'its script does not load'))
  return {
    send: message => worker.postMessage(message),
    keepAlive() {},
    terminate: async () => worker.terminate(),
  }
}
