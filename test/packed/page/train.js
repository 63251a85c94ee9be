import { train } from '@residual/train'

/**
 * Trains as a message says: stops after some steps, resumes from the bytes, and answers with the events and the last
 * checkpoint.
 */
globalThis.onmessage = async ({ data: { stopAfter, ...options } }) => {
  try {
    const stop = new AbortController()
    const events = []
    const first = train({ ...options, signal: stop.signal })
    for await (const event of first) {
      events.push(event)
      if (event.step === stopAfter) stop.abort()
    }
    const rest = train({ ...options, resume: await first.checkpoint() })
    for await (const event of rest) events.push(event)
    globalThis.postMessage({ events, checkpoint: [...(await rest.checkpoint())] })
  } catch (error) {
    globalThis.postMessage({ error: String(error) })
  }
}
