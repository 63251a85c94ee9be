import { type EpochEvent, type StepEvent, type TrainingEvent, type TrainOptions, train } from '../src/index.ts'

export async function eventsOf(options: TrainOptions): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = []
  for await (const event of train(options)) events.push(event)
  return events
}

/** Compares bytes, because `toEqual` takes seconds for the weights of a network. */
export const isSame = (a: Uint8Array | Float32Array, b: Uint8Array | Float32Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))

export const stepsIn = (events: readonly TrainingEvent[]) =>
  events.filter((event): event is StepEvent => event.kind === 'step')
export const epochsIn = (events: readonly TrainingEvent[]) =>
  events.filter((event): event is EpochEvent => event.kind === 'epoch')
