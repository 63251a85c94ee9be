import { train } from '@residual/train'

/** Trains as a message says, stopped after some steps and resumed from the bytes, and answers with the events and those of the end. */
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
