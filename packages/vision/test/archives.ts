import { gzipSync } from 'node:zlib'
import { image } from './images.ts'

/** Records of CIFAR-10 (one label byte) or CIFAR-100 (two), all different. */
export function records(count: number, labelBytes: 1 | 2, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * (labelBytes + 3072))
  for (let i = 0; i < count; i++) {
    const at = i * (labelBytes + 3072)
    bytes.set(labelBytes === 1 ? [(seed + i) % 10] : [(seed + i) % 20, (seed + i * 7) % 100], at)
    bytes.set(planes(seed + i), at + labelBytes)
  }
  return bytes
}

/** An image in the form of a record: all red values, then all green, then all blue ones. */
function planes(seed: number): Uint8Array {
  const { data } = imageOf(seed)
  return Uint8Array.from(data, (_, i) => data[(i % 1024) * 3 + Math.floor(i / 1024)])
}

/** The image of the record with this seed. */
export function imageOf(seed: number) {
  const { data } = image('noise', 32, 32 * (seed + 1))
  return { width: 32, height: 32, data: data.subarray(seed * 3072) }
}

/** A tar archive (POSIX ustar), gzipped. */
export function tarGz(members: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(tar(Object.entries(members)), { level: 1 }))
}

export function tar(members: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const blocks = members.flatMap(([name, content]) => [header(name, content.length), padded(content)])
  return Buffer.concat([...blocks, new Uint8Array(1024)])
}

/** A tar header. For an invalid size, `size` may be a text of eleven characters. */
export function header(name: string, size: number | string): Uint8Array {
  const bytes = new Uint8Array(512)
  const write = (text: string, at: number) => bytes.set(new TextEncoder().encode(text), at)
  write(name, 0)
  write(typeof size === 'string' ? size : size.toString(8).padStart(11, '0'), 124)
  write('        ', 148)
  write(name.endsWith('/') ? '5' : '0', 156)
  write('ustar\x0000', 257)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}

function padded(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(content.length / 512) * 512)
  bytes.set(content)
  return bytes
}
