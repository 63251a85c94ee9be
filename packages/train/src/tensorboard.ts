import { crc32c } from '@residual/resnet/files'

/** One event of an event file. Exactly one of {@link scalars}, {@link version} and {@link restart} is given. */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number
  readonly step?: number
  /** Curves by name, such as `train/loss`. */
  readonly scalars?: Readonly<Record<string, number>>
  /** The first event of every file. */
  readonly version?: true
  /** The following events replace all earlier ones of this step or later steps. */
  readonly restart?: true
}

/**
 * Encodes an event for TensorBoard: the protocol buffer `Event` (event.proto) as one record of a TFRecord file, with
 * its length and masked CRC-32C checksums. TensorBoard takes a file of records whose name contains `tfevents` as a run.
 */
export function tensorBoardRecord(event: TensorBoardEvent): Uint8Array {
  const body = message([
    [1, double(event.wallTime)],
    [2, varint(event.step ?? 0)],
    ...(event.version ? [field(3, text('brain.Event:2'))] : []),
    ...(event.scalars ? [field(5, summary(event.scalars))] : []),
    // SessionLog with status START.
    ...(event.restart ? [field(7, message([[1, varint(1)]]))] : []),
  ])
  const length = new Uint8Array(8)
  new DataView(length.buffer).setUint32(0, body.length, true)
  return join([length, masked(length), body, masked(body)])
}

/** A field of a protocol buffer: its number, and its value with its wire type. */
type Field = readonly [number: number, value: Value]

interface Value {
  /** 0: variable length; 1: 8 bytes; 2: bytes after their length; 5: 4 bytes. */
  readonly type: 0 | 1 | 2 | 5
  readonly bytes: Uint8Array
}

const field = (number: number, bytes: Uint8Array): Field => [
  number,
  { type: 2, bytes: join([base128(bytes.length), bytes]) },
]

const summary = (scalars: Readonly<Record<string, number>>) =>
  message(Object.entries(scalars).map(([tag, value]) => field(1, message([field(1, text(tag)), [2, float(value)]]))))

const message = (fields: readonly Field[]): Uint8Array =>
  join(fields.flatMap(([number, { type, bytes }]) => [base128(number * 8 + type), bytes]))

const varint = (value: number): Value => ({ type: 0, bytes: base128(value) })

function double(value: number): Value {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return { type: 1, bytes }
}

function float(value: number): Value {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return { type: 5, bytes }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Writes seven bits per byte, the lowest first. All bytes but the last have the eighth bit set. */
function base128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

/** Masks a checksum. Records do this because checksums of data that contains checksums are weak. */
function masked(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes)
  const result = new Uint8Array(4)
  new DataView(result.buffer).setUint32(0, (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, true)
  return result
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
