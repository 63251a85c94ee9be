import { printable } from './printable.ts'

/** Where bytes come from: a path, a URL, bytes in memory, or a file that the user has chosen. */
export type Source = string | URL | Uint8Array | Blob

/** A stream of bytes, and their number if it is known. */
export interface Opened {
  readonly stream: ReadableStream<Uint8Array>
  readonly size: number | undefined
}

/** The name of a source in messages: its path, URL or file name, or else `fallback`. Always one line. */
export function nameOf(source: Source, fallback: string): string {
  if (typeof source === 'string') return oneLine(source)
  if (source instanceof URL) return oneLine(source.protocol === 'file:' ? source.pathname : withoutPassword(source))
  return 'name' in source && typeof source.name === 'string' ? oneLine(source.name) : fallback
}

function withoutPassword(url: URL): string {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return shown.href
}

/** Makes untrusted text safe to show in a message: printable, on one line and at most 300 characters long. */
export function oneLine(text: string): string {
  const short = text.length > 300 ? `${text.slice(0, 297)}...` : text
  return printable(short) === short ? short : printable(JSON.stringify(short))
}
