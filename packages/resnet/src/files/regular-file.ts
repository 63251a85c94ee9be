import fs from 'node:fs'
import { ModelError } from '../errors.ts'
import { type FileKind, MAX_BYTES } from './types.ts'

/** A file that is open, which whoever opened it closes. */
export interface OpenFile {
  readonly descriptor: number
  readonly status: fs.Stats
}

/** Node takes no more in one read. */
const MOST_AT_ONCE = 2 ** 30

/**
 * Opens a file to be read. Devices, pipes and sockets are refused, since they may never end, and are not waited for.
 * Links to files are followed.
 * @throws ModelError for what is no file and for one that is too large, Node's own errors for all else.
 */
export function openRegularFile(path: string | URL, kind: FileKind): OpenFile {
  // Looked at before it is opened, which may already do something to a device; and after, as it may be another by then.
  // As big integers, since a pipe's plain numbers stay where Node looks when it resolves the next import (Node 20), and it
  // would then load a module a second time.
  checkRegular(fs.statSync(path, { bigint: true }), path)
  // Without O_NONBLOCK, which Windows does not have, a pipe is not open before somebody writes to it.
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
 * All bytes of a file. Never more than its kind may have, even where a file has more than it says, as those in /proc.
 * @throws ModelError also for one that does not fit into memory.
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

/** Reads into an array from place `at` on, as many bytes as come at once. @param from place in the file; null: the next */
export function readSome(descriptor: number, target: Uint8Array, at: number, from: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, target, at, lengthAt(target, at), from, (error, read) =>
      error ? reject(error) : resolve(read),
    )
  })
}

/** Does so while the caller waits. */
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
