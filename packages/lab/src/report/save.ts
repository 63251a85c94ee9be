import { replaceFile } from '@residual/resnet/files'

/**
 * Writes a page or a drawing to a file, completely or not at all. Node only.
 * @throws CheckpointError if it cannot be written.
 */
export async function saveReport(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(path, typeof content === 'string' ? new TextEncoder().encode(content) : content)
}
