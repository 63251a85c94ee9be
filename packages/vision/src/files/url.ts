import { VisionError } from '../errors.ts'
import { nameOf, type Opened } from '../source.ts'
import { MAX_FILE_BYTES } from './limits.ts'

/** The bytes that a server sends, as they come. @throws VisionError where it cannot be reached or does not answer 200. */
export async function openUrl(url: URL): Promise<Opened> {
  const name = nameOf(url, url.href)
  const response = await fetch(url).catch(error => {
    throw new VisionError(`${name}: cannot be fetched`, { cause: error })
  })
  if (!response.ok || !response.body) throw new VisionError(`${name}: the server answered ${response.status}`)
  const { headers, body } = response
  // With a content encoding the length is that of the encoded bytes.
  const length = headers.has('content-encoding') ? null : headers.get('content-length')
  return { stream: body, size: length === null ? undefined : Number(length) }
}

/** All that a server sends. @throws VisionError as {@link openUrl} does, and where it sends more than is allowed. */
export async function readUrl(url: URL): Promise<Uint8Array> {
  const name = nameOf(url, url.href)
  const reader = (await openUrl(url)).stream.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      chunks.push(read.value as Uint8Array<ArrayBuffer>)
      size += read.value.length
      if (size > MAX_FILE_BYTES) {
        throw new VisionError(`${name}: sends more than the allowed ${MAX_FILE_BYTES} bytes of a picture file`)
      }
    }
  } catch (error) {
    await reader.cancel().catch(() => {})
    throw error instanceof VisionError ? error : new VisionError(`${name}: cannot be fetched`, { cause: error })
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}
