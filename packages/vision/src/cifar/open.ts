import { folderAt, openFrom } from '#files'
import type { DownloadOptions } from '../download/index.ts'
import { VisionError } from '../errors.ts'
import { checkKeys, type Keys } from '../options.ts'
import { nameOf, type Opened, oneLine, type Source } from '../source.ts'
import { ByteReader } from './byte-reader.ts'
import { type CifarKind, kinds, MAX_RECORDS, recordBytes, type Split } from './kinds.ts'
import { type CifarDataset, DatasetBuilder } from './records.ts'
import { tarMembers } from './tar.ts'

/** Bytes that an archive may unpack to: five times as many as the official ones. */
const MAX_UNPACKED_BYTES = 2 ** 30
/** The size of the largest official file, CIFAR-100's train.bin. */
const MAX_FILE_BYTES = Math.max(...kinds.map(kind => recordBytes(kind) * MAX_RECORDS))

export interface CifarOptions extends DownloadOptions {
  readonly split: Split
}

const KEYS: Keys<CifarOptions> = { split: true, signal: true, stallSeconds: true }

/**
 * Reads a split of CIFAR-10 or CIFAR-100 in their binary versions (Krizhevsky, "Learning Multiple Layers of Features
 * from Tiny Images", 2009): from the folder with the .bin files, from a single .bin file, or from the .tar.gz, which is
 * unpacked while it is read; only the split is kept. The files show which of the two data sets it is. In browsers a
 * string is a URL relative to the page, and there are no folders.
 *
 * @throws VisionError for files that are missing, incomplete, damaged or of the other split; DownloadError, a subclass
 *   of VisionError, if a download fails; the signal's reason after an abort.
 */
export async function openCifar(source: Source, given: CifarOptions): Promise<CifarDataset> {
  checkKeys('openCifar', given, KEYS)
  const { split, ...options } = given
  if (split !== 'test' && split !== 'train') {
    throw new VisionError(`unknown split ${oneLine(String(split))} (known: test, train)`)
  }
  options.signal?.throwIfAborted()
  const name = nameOf(source, 'CIFAR data')
  const place = typeof source === 'string' || source instanceof URL ? source : undefined
  const folder = place && (await folderAt(place))
  if (folder) return readFolder(folder, split, name)

  const { stream, size } = place ? await openFrom(place, options) : opened(source as Uint8Array | Blob)
  const reader = new ByteReader(stream, name)
  try {
    const start = (await reader.readUpTo(2)).slice()
    if (start[0] !== 0x1f || start[1] !== 0x8b) return await readFile(reader.rest(start), size, split, name)
    // The declared type of a DecompressionStream takes any buffer, so it does not fit a stream of one kind.
    const gunzip = new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>
    return await readArchive(reader.rest(start).pipeThrough(gunzip), split, name)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  } finally {
    await reader.close()
  }
}

function opened(source: Uint8Array | Blob): Opened {
  const blob = source instanceof Blob ? source : new Blob([source as Uint8Array<ArrayBuffer>])
  return { stream: blob.stream(), size: blob.size }
}

async function readFolder(folder: ReadonlyMap<string, string>, split: Split, name: string): Promise<CifarDataset> {
  const kind = kinds.find(({ files }) => files[split].some(file => folder.has(file)))
  if (!kind) throw nothingFound(split, name)
  const files = kind.files[split]
  const builder = new DatasetBuilder(kind, files)
  const missing = files.filter(file => !folder.has(file))
  if (missing.length > 0) throw incomplete(missing, name)
  for (const file of files) {
    const path = folder.get(file) as string
    await readInto(builder, file, await openFrom(path, {}), oneLine(path))
  }
  return builder.build()
}

async function readFile(
  stream: ReadableStream<Uint8Array>,
  size: number | undefined,
  split: Split,
  name: string,
): Promise<CifarDataset> {
  if (size === undefined) {
    // The server did not say. One byte more than allowed is enough to find out.
    const bytes = await new ByteReader(stream, name).readUpTo(MAX_FILE_BYTES + 1)
    return readFile(opened(bytes).stream, bytes.length, split, name)
  }
  const file = name.slice(name.lastIndexOf('/') + 1)
  const named = (of: Split) => kinds.find(({ files }) => files[of].includes(file))
  const other = split === 'test' ? 'train' : 'test'
  if (named(other)) throw new VisionError(`${name}: is of the ${other} split; ask for split ${other}`)
  const kind = named(split) ?? kinds.find(kind => size % recordBytes(kind) === 0)
  if (!kind || size === 0) {
    throw new VisionError(`${name}: ${size} bytes are neither a .tar.gz nor a whole number of CIFAR records`)
  }
  const builder = new DatasetBuilder(kind, [file])
  await readInto(builder, file, { stream, size }, name)
  return builder.build()
}

async function readInto(builder: DatasetBuilder, file: string, { stream, size }: Opened, name: string): Promise<void> {
  const reader = new ByteReader(stream, name)
  try {
    await builder.read(file, size as number, reader, name)
  } finally {
    await reader.close()
  }
}

/** Stops as soon as the whole split is found. */
async function readArchive(stream: ReadableStream<Uint8Array>, split: Split, name: string): Promise<CifarDataset> {
  const reader = new ByteReader(stream, name, MAX_UNPACKED_BYTES)
  try {
    let builder: DatasetBuilder | undefined
    let kind: CifarKind | undefined
    for await (const member of tarMembers(reader, name)) {
      const file = member.name.slice(member.name.lastIndexOf('/') + 1)
      kind ??= kinds.find(({ files }) => files[split].includes(file))
      if (!kind?.files[split].includes(file)) continue
      builder ??= new DatasetBuilder(kind, kind.files[split])
      await builder.read(file, member.size, reader, `${name}: ${file}`)
      if (builder.missing.length === 0) return builder.build()
    }
    throw builder ? incomplete(builder.missing, name) : nothingFound(split, name)
  } finally {
    await reader.close()
  }
}

function nothingFound(split: Split, name: string): VisionError {
  const wanted = kinds.map(({ files }) => files[split].join(', ')).join(', nor ')
  return new VisionError(`${name}: holds neither ${wanted}; give the folder, .bin file or .tar.gz of a binary version`)
}

function incomplete(missing: readonly string[], name: string): VisionError {
  return new VisionError(`${name}: lacks ${missing.join(', ')}; get it again`)
}
