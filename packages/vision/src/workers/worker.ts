// The worker that makes batches.

import { listen, post } from '#port'
import { VisionError } from '../errors.ts'
import { BatchMaker } from '../loading/batches.ts'

let maker: BatchMaker
/** Batches are made one after another. */
let turns = Promise.resolve()

listen(message => {
  if (typeof message === 'number') turns = turns.then(() => answer(message))
  else maker = new BatchMaker(message.source, message.plan)
})

async function answer(step: number): Promise<void> {
  try {
    const batch = await maker.make(step)
    const arrays = [batch.images, batch.targets, batch.labels, batch.indices]
    post(
      { batch },
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    )
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    post({ failure, expected: error instanceof VisionError })
  }
}
