/** An untrusted name as it may stand in a message: quoted, on one line and of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}
