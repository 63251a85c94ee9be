/** Identifies the process that owns something, so that others can check whether it still runs. */
export interface ProcessName {
  readonly host: string
  readonly pid: number
  /** The system's start time, if available, because a later process may have the same number. */
  readonly started?: string
}
