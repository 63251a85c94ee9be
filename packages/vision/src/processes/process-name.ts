/** Which process something belongs to, so that it can be told whether that process still runs. */
export interface ProcessName {
  readonly host: string
  readonly pid: number
  /** When it started, in the system's own count, where the system tells; a later process may have the same number. */
  readonly started?: string
}
