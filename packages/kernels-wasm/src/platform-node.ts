import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { compileFetched } from './fetched-module.ts'
import type { Thread, ThreadEvents } from './workers.ts'

/** Compiles the WebAssembly file at a URL. */
export async function compileModule(url: URL): Promise<WebAssembly.Module> {
  return url.protocol === 'file:' ? WebAssembly.compile(await readFile(url)) : compileFetched(url)
}

/** Whether this thread must never block. */
export const mustNotBlock = (): boolean => false

export function startThread(events: ThreadEvents): Thread {
  // Node's own options are not passed on: a worker rejects some of them, such as --input-type.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] })
  worker.on('message', events.message)
  worker.on('error', (error: Error) => events.ended(error.message))
  worker.on('exit', code => events.ended(`exit code ${code}`))
  return {
    send: message => worker.postMessage(message),
    keepAlive: wanted => (wanted ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate()
    },
  }
}
