import { VisionError } from '../errors.ts'
import type { ProcessName } from './process-name.ts'

/** @throws VisionError: a page is no process that others could ask after. */
export async function thisProcess(): Promise<ProcessName> {
  throw new VisionError('there are no processes here')
}

/** @throws VisionError */
export async function hasEnded(_process: ProcessName): Promise<boolean> {
  throw new VisionError('there are no processes here')
}
