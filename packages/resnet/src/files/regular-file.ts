import fs from 'node:fs'
import { ModelError } from '../errors.ts'
import { type FileKind, MAX_BYTES } from './types.ts'

/** An open file. Whoever opened it must close it. */
export interface OpenFile {
  readonly descriptor: number
  readonly status: fs.Stats
}

/** Node does not read more bytes at once. */
const MOST_AT_ONCE = 2 ** 30

/**
 * Opens a file for reading. Devices, pipes and sockets are refused without waiting, since they may never end. Links to
 * files are followed.
 * @throws ModelError if it is not a file or too large; Node's own errors for everything else.
 */
export function openRegularFile(path: string | URL, kind: FileKind): OpenFile {
  // Check before opening, because opening may already affect a device, and again after, because it may be another file
  // by then. Use big integers: a pipe's plain numbers stay where Node 20 looks when it resolves the next import, and it
  // would load a module a second time.
  checkRegular(fs.statSync(path, { bigint: true }), path)
  // Without O_NONBLOCK, which Windows does not have, opening a pipe waits until somebody writes to it.
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0))
  try {
    const status = fs.fstatSync(descriptor)
    checkRegular(status, path)
    if (status.size > MAX_BYTES[kind]) throw tooLarge(path, `${status.size} bytes`, kind)
    return { descriptor, status }
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

/**
 * Reads all bytes of a file, and never more than its kind may have, even if the file is longer than its stated size, as
 * in /proc.
 * @throws ModelError as in {@link openRegularFile}, and if the file does not fit into memory.
 */
export async function readRegularFile(path: string | URL, kind: FileKind): Promise<Uint8Array> {
  const { descriptor, status } = openRegularFile(path, kind)
  try {
    // One byte more finds the end without another array.
    let bytes = allocate(Math.max(status.size + 1, 4096), path)
    let length = 0
    for (;;) {
      const read = await readSome(descriptor, bytes, length, null)
      if (read === 0) return bytes.subarray(0, length)
      length += read
      if (length > MAX_BYTES[kind]) throw tooLarge(path, 'more bytes than it says', kind)
      if (length < bytes.length) continue
      const larger = allocate(2 * length, path)
      larger.set(bytes)
      bytes = larger
    }
  } finally {
    fs.closeSync(descriptor)
  }
}

/**
 * Reads bytes into an array, starting at index `at`, as many as are available at once. Returns their number.
 * @param from position in the file; null for the current one.
 */
export function readSome(descriptor: number, target: Uint8Array, at: number, from: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, target, at, lengthAt(target, at), from, (error, read) =>
      error ? reject(error) : resolve(read),
    )
  })
}

/** Reads bytes like {@link readSome}, but blocks until they are read. */
export function readSomeNow(descriptor: number, target: Uint8Array, at: number, from: number): number {
  return fs.readSync(descriptor, target, at, lengthAt(target, at), from)
}

const lengthAt = (target: Uint8Array, at: number): number => Math.min(target.length - at, MOST_AT_ONCE)

function checkRegular(status: fs.StatsBase<unknown>, path: string | URL): void {
  if (status.isFile()) return
  const what = status.isDirectory() ? 'a directory' : 'a device or pipe'
  throw new ModelError(`${shown(path)} is ${what}, wanted a file`)
}

function tooLarge(path: string | URL, size: string, kind: FileKind): ModelError {
  return new ModelError(`${shown(path)} has ${size}, more than the allowed ${MAX_BYTES[kind]} of a ${kind}`)
}

function allocate(length: number, path: string | URL): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch {
    const hint = 'save weights as safetensors, which is read in parts'
    throw new ModelError(`${shown(path)} has more bytes than can be read as a whole here; ${hint}`)
  }
}

const shown = (path: string | URL): string => JSON.stringify(String(path))
