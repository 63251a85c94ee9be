import { kindOf, readFileIfThere, replaceFile } from '@residual/resnet/files'
import type { EpochEvent } from '@residual/train'
import type { Signals } from '../signals.ts'

/** An epoch in the log of a training, without its kind. */
export type EpochRecord = Omit<EpochEvent, 'kind'>

/** Signals of a network on the same images, after some epochs. */
export interface TimedSignals extends Signals {
  readonly epoch: number
}

/**
 * The records of one training: `log.jsonl`, which the training itself writes, and `signals.jsonl` next to it. Without a
 * path both stay in memory.
 */
export class RunFolder {
  readonly path: string | undefined
  /** Whether there is a training to continue. */
  readonly isBegun: boolean
  readonly #epochs: EpochRecord[] = []
  readonly #signals: TimedSignals[]

  private constructor(path: string | undefined, isBegun: boolean, signals: TimedSignals[]) {
    this.path = path
    this.isBegun = isBegun
    this.#signals = signals
  }

  /** @param resume whether to continue an existing training */
  static async open(path: string | undefined, resume: boolean): Promise<RunFolder> {
    const isBegun = resume && path !== undefined && (await kindOf(`${path}/checkpoint.safetensors`)) !== undefined
    return new RunFolder(path, isBegun, isBegun ? await recordsOf<TimedSignals>(`${path}/signals.jsonl`) : [])
  }

  /** In the order of measurement. */
  get signals(): readonly TimedSignals[] {
    return this.#signals
  }

  async noteSignals(signals: TimedSignals): Promise<void> {
    this.#signals.push(signals)
    if (this.path === undefined) return
    const lines = this.#signals.map(record => `${JSON.stringify(record)}\n`)
    await replaceFile(`${this.path}/signals.jsonl`, new TextEncoder().encode(lines.join('')))
  }

  /** Keeps an epoch in memory if there is no path; with a path, the training's own log has it. */
  noteEpoch({ kind: _, ...event }: EpochEvent): void {
    if (this.path === undefined) this.#epochs.push(event)
  }

  async epochs(): Promise<readonly EpochRecord[]> {
    return this.path === undefined ? this.#epochs : recordsOf<EpochRecord>(`${this.path}/log.jsonl`)
  }
}

/**
 * The records of a file, one per line, in order of their epochs. A killed process may leave half a line, which is
 * ignored, or a repeated epoch, whose last record counts.
 */
async function recordsOf<T extends { readonly epoch: number }>(path: string): Promise<T[]> {
  const bytes = await readFileIfThere(path, 'log')
  const records = new Map<number, T>()
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const record = parsed<T>(line)
    if (Number.isInteger(record?.epoch)) records.set(record!.epoch, record!)
  }
  return [...records.values()].sort((a, b) => a.epoch - b.epoch)
}

function parsed<T>(line: string): T | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
