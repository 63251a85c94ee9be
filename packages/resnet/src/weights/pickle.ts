import { FormatError } from '@residual/core'

/** A name that the pickle refers to. It is compared with tables, never looked up. */
export class Global {
  constructor(readonly name: string) {}
}

/** Stands for an object that weights do not need, such as the arguments of a training run. */
export const inert = Symbol('inert')

/** What a pickle is read into: plain data, and whatever the host makes of its globals. Tuples and sets are arrays. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | typeof inert
  | Global
  | object
  | Pickled[]
  | Map<Pickled, Pickled>

/** What the machine leaves to the format that the pickle is part of. */
export interface PickleHost {
  /** Called for every global named; throws where it is not allowed. */
  global(name: string): Global
  /** The value of a "call". Implementations build data from the arguments and execute nothing. */
  reduce(callee: Global, args: readonly Pickled[]): Pickled
  /** The value that a persistent id stands for. */
  persistent(id: Pickled): Pickled
}

/** Longer than any key; V8's strings end at half a gigabyte, and a decoder would throw an error of its own. */
const MAX_TEXT = 2 ** 24
const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  latin1: new TextDecoder('latin1'),
}
/** Bytes of a whole number; torch's own magic number has 10. */
const MAX_INTEGER_BYTES = 255

/**
 * Reads one pickle (protocols 2 to 5, the opcodes that picklers write) by a small stack machine
 * (https://github.com/python/cpython/blob/main/Lib/pickletools.py describes every opcode). Nothing in the file can make
 * it execute anything, and it neither recurses nor copies: every object costs at least one opcode, and there are no
 * more than `maxOpcodes`.
 *
 * @returns The value, and where in `bytes` the pickle ends.
 * @throws FormatError
 */
export function unpickle(
  bytes: Uint8Array,
  host: PickleHost,
  options: { start?: number; maxOpcodes: number },
): { value: Pickled; end: number } {
  const machine = new Machine(bytes, host, options.start ?? 0)
  for (let n = 0; n < options.maxOpcodes; n++) {
    if (!machine.step()) return { value: machine.result(), end: machine.at }
  }
  throw new FormatError(`the pickle has more than ${options.maxOpcodes} opcodes, too many for a file of this size`)
}

class Machine {
  at: number
  private readonly view: DataView
  private readonly stack: Pickled[] = []
  private readonly marks: number[] = []
  private readonly memo = new Map<number, Pickled>()

  constructor(
    private readonly bytes: Uint8Array,
    private readonly host: PickleHost,
    start: number,
  ) {
    this.at = start
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  result(): Pickled {
    return this.pop()
  }

  /** Carries one opcode out; false after STOP. */
  step(): boolean {
    const opcode = this.view.getUint8(this.take(1))
    switch (opcode) {
      case 0x80: // PROTO
        this.checkProtocol(this.uint(1))
        break
      case 0x95: // FRAME: only its length; the frame's opcodes follow
        this.uint(8)
        break
      case 0x2e: // STOP
        return false

      // Constants
      case 0x4e: // NONE
        this.push(null)
        break
      case 0x88: // NEWTRUE
        this.push(true)
        break
      case 0x89: // NEWFALSE
        this.push(false)
        break
      case 0x4b: // BININT1
        this.push(this.uint(1))
        break
      case 0x4d: // BININT2
        this.push(this.uint(2))
        break
      case 0x4a: // BININT
        this.push(this.view.getInt32(this.take(4), true))
        break
      case 0x8a: // LONG1
        this.push(this.integer(this.uint(1)))
        break
      case 0x8b: // LONG4
        this.push(this.integer(this.uint(4)))
        break
      case 0x47: // BINFLOAT
        this.push(this.view.getFloat64(this.take(8), false))
        break
      case 0x8c: // SHORT_BINUNICODE
        this.push(this.text(this.uint(1), 'utf-8'))
        break
      case 0x58: // BINUNICODE
        this.push(this.text(this.uint(4), 'utf-8'))
        break
      case 0x8d: // BINUNICODE8
        this.push(this.text(this.uint(8), 'utf-8'))
        break
      case 0x55: // SHORT_BINSTRING, a text or bytes of Python 2
        this.push(this.text(this.uint(1), 'latin1'))
        break
      case 0x54: // BINSTRING
        this.push(this.text(this.uint(4), 'latin1'))
        break
      case 0x43: // SHORT_BINBYTES
        this.push(this.blob(this.uint(1)))
        break
      case 0x42: // BINBYTES
        this.push(this.blob(this.uint(4)))
        break
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.push(this.blob(this.uint(8)))
        break

      // Containers
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        this.push([])
        break
      case 0x7d: // EMPTY_DICT
        this.push(new Map())
        break
      case 0x28: // MARK
        this.marks.push(this.stack.length)
        break
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        this.push(this.popMark())
        break
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.push(this.popMany(opcode - 0x84))
        break
      case 0x61: // APPEND
        this.append(this.popMany(1))
        break
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.append(this.popMark())
        break
      case 0x73: // SETITEM
        this.setItems(this.popMany(2))
        break
      case 0x75: // SETITEMS
        this.setItems(this.popMark())
        break

      // The stack and the memo
      case 0x30: // POP
        this.pop()
        break
      case 0x31: // POP_MARK
        this.popMark()
        break
      case 0x71: // BINPUT
        this.memo.set(this.uint(1), this.top())
        break
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint(4), this.top())
        break
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top())
        break
      case 0x68: // BINGET
        this.push(this.recall(this.uint(1)))
        break
      case 0x6a: // LONG_BINGET
        this.push(this.recall(this.uint(4)))
        break

      // Objects
      case 0x63: // GLOBAL
        this.push(this.host.global(`${this.line()}.${this.line()}`))
        break
      case 0x93: // STACK_GLOBAL
        this.stackGlobal()
        break
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.reduce()
        break
      case 0x92: // NEWOBJ_EX: also keyword arguments, which nothing allowed has
        this.pop()
        this.reduce()
        break
      case 0x62: // BUILD: attributes of the object below, of which weights need none
        this.pop()
        this.top()
        break
      case 0x51: // BINPERSID
        this.push(this.host.persistent(this.pop()))
        break
      default:
        throw this.damaged(`has an unknown opcode 0x${opcode.toString(16).padStart(2, '0')}`, 1)
    }
    return true
  }

  private checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) throw this.damaged(`states protocol ${protocol}, not 2 to 5`, 2)
  }

  private stackGlobal(): void {
    const [module, name] = this.popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string') throw this.damaged('names a global by other than text')
    this.push(this.host.global(`${module}.${name}`))
  }

  private reduce(): void {
    const [callee, args] = this.popMany(2)
    if (!(callee instanceof Global) || !Array.isArray(args)) throw this.damaged('calls what is not a global')
    this.push(this.host.reduce(callee, args))
  }

  private append(items: readonly Pickled[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw this.damaged('appends to what is not a list')
    for (const item of items) list.push(item)
  }

  private setItems(items: readonly Pickled[]): void {
    const map = this.top()
    if (!(map instanceof Map) || items.length % 2 !== 0) throw this.damaged('sets items of what is not a dict')
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1])
  }

  private push(value: Pickled): void {
    this.stack.push(value)
  }

  /** What is below the last mark cannot be reached, as in Python's own machine. */
  private checkDepth(count: number): void {
    if (this.stack.length - (this.marks.at(-1) ?? 0) < count) throw this.damaged('takes from an empty stack')
  }

  private top(): Pickled {
    this.checkDepth(1)
    return this.stack[this.stack.length - 1]
  }

  private pop(): Pickled {
    return this.popMany(1)[0]
  }

  private popMany(count: number): Pickled[] {
    this.checkDepth(count)
    return this.stack.splice(this.stack.length - count)
  }

  private popMark(): Pickled[] {
    const mark = this.marks.pop()
    if (mark === undefined) throw this.damaged('ends a list that it did not begin')
    return this.stack.splice(mark)
  }

  private recall(index: number): Pickled {
    const value = this.memo.get(index)
    if (value === undefined) throw this.damaged(`recalls entry ${index}, which it did not store`)
    return value
  }

  /** The place of the next `count` bytes, which are passed over. */
  private take(count: number): number {
    const start = this.at
    if (count > this.bytes.length - start) throw new FormatError(`the pickle ends too early, at byte ${start}`)
    this.at += count
    return start
  }

  private uint(size: 1 | 2 | 4 | 8): number {
    const start = this.take(size)
    if (size === 1) return this.view.getUint8(start)
    if (size === 2) return this.view.getUint16(start, true)
    if (size === 4) return this.view.getUint32(start, true)
    return Number(this.view.getBigUint64(start, true))
  }

  /** Two's complement, little-endian. */
  private integer(size: number): number | bigint {
    if (size > MAX_INTEGER_BYTES) throw this.damaged(`has an integer of ${size} bytes`)
    const digits = this.blob(size)
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i])
    value = BigInt.asIntN(8 * size, value)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  private blob(size: number): Uint8Array {
    const start = this.take(size)
    return this.bytes.subarray(start, start + size)
  }

  private text(size: number, encoding: 'utf-8' | 'latin1'): string {
    if (size > MAX_TEXT) throw this.damaged(`has a text of ${size} bytes`)
    const bytes = this.blob(size)
    try {
      return decoders[encoding].decode(bytes)
    } catch {
      throw this.damaged('has a text that is not valid UTF-8')
    }
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw new FormatError(`the pickle ends too early, at byte ${this.at}`)
    const text = this.text(end - this.at, 'utf-8')
    this.take(1)
    return text
  }

  private damaged(what: string, back = 0): FormatError {
    return new FormatError(`the pickle is damaged: it ${what}, at byte ${this.at - back}`)
  }
}
