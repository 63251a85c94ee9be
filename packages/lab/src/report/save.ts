import { replaceFile } from '@residual/resnet/files'

/**
 * Writes a page or an image to a file, which is whole or as it was before. Only in Node.
 * @throws CheckpointError where it cannot be written.
 */
export async function saveReport(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(path, typeof content === 'string' ? new TextEncoder().encode(content) : content)
}
