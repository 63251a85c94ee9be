import { VisionError } from '../errors.ts'
import type { ProcessName } from './process-name.ts'

/** @throws VisionError, because a page is not a process that others could check. */
export async function thisProcess(): Promise<ProcessName> {
  throw new VisionError('there are no processes here')
}

/** @throws VisionError, because a page cannot check processes. */
export async function hasEnded(_process: ProcessName): Promise<boolean> {
  throw new VisionError('there are no processes here')
}
