import { FormatError } from '@residual/core'
import { PickleReader } from './pickle-reader.ts'

/** The name of a Python object in a pickle. It is compared with tables and never resolved. */
export class Global {
  constructor(readonly name: string) {}
}

/** A placeholder for an object that weights do not need, such as the arguments of a training script. */
export const inert = Symbol('inert')

/** The content of a pickle: plain data, and the objects that the host makes. Tuples and sets become arrays. */
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

/** The operations that depend on the format that contains the pickle. */
export interface PickleHost {
  /** Called for every global; throws if it is not allowed. */
  global(name: string): Global
  /** Returns the value of a "call". Implementations build data from the arguments and execute nothing. */
  reduce(callee: Global, args: readonly Pickled[]): Pickled
  /** Returns the value of a persistent id. */
  persistent(id: Pickled): Pickled
}

/**
 * Reads one pickle (protocols 2 to 5, the opcodes that picklers write) with a small stack machine
 * (https://github.com/python/cpython/blob/main/Lib/pickletools.py describes every opcode). Nothing in the file can make
 * it execute code. It neither recurses nor copies: every object takes at least one opcode, and there are at most
 * `maxOpcodes`.
 *
 * @returns the value, and the position in `bytes` after the pickle.
 * @throws FormatError if the pickle is damaged or has too many opcodes.
 */
export function unpickle(
  bytes: Uint8Array,
  host: PickleHost,
  options: { start?: number; maxOpcodes: number },
): { value: Pickled; end: number } {
  const reader = new PickleReader(bytes, options.start ?? 0)
  const machine = new Machine(reader, host)
  for (let n = 0; n < options.maxOpcodes; n++) {
    if (!machine.step()) return { value: machine.result(), end: reader.at }
  }
  throw new FormatError(`the pickle has more than ${options.maxOpcodes} opcodes, too many for a file of this size`)
}

class Machine {
  private readonly stack: Pickled[] = []
  private readonly marks: number[] = []
  private readonly memo = new Map<number, Pickled>()

  constructor(
    private readonly reader: PickleReader,
    private readonly host: PickleHost,
  ) {}

  result(): Pickled {
    return this.pop()
  }

  /** Executes one opcode; false after STOP. */
  step(): boolean {
    const { reader } = this
    const opcode = reader.uint(1)
    switch (opcode) {
      case 0x80: // PROTO
        this.checkProtocol(reader.uint(1))
        break
      case 0x95: // FRAME: only a length; the opcodes of the frame follow
        reader.uint(8)
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
        this.push(reader.uint(1))
        break
      case 0x4d: // BININT2
        this.push(reader.uint(2))
        break
      case 0x4a: // BININT
        this.push(reader.int32())
        break
      case 0x8a: // LONG1
        this.push(reader.integer(reader.uint(1)))
        break
      case 0x8b: // LONG4
        this.push(reader.integer(reader.uint(4)))
        break
      case 0x47: // BINFLOAT
        this.push(reader.float64())
        break
      case 0x8c: // SHORT_BINUNICODE
        this.push(reader.text(reader.uint(1), 'utf-8'))
        break
      case 0x58: // BINUNICODE
        this.push(reader.text(reader.uint(4), 'utf-8'))
        break
      case 0x8d: // BINUNICODE8
        this.push(reader.text(reader.uint(8), 'utf-8'))
        break
      case 0x55: // SHORT_BINSTRING, a text or bytes of Python 2
        this.push(reader.text(reader.uint(1), 'latin1'))
        break
      case 0x54: // BINSTRING
        this.push(reader.text(reader.uint(4), 'latin1'))
        break
      case 0x43: // SHORT_BINBYTES
        this.push(reader.blob(reader.uint(1)))
        break
      case 0x42: // BINBYTES
        this.push(reader.blob(reader.uint(4)))
        break
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.push(reader.blob(reader.uint(8)))
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
        this.memo.set(reader.uint(1), this.top())
        break
      case 0x72: // LONG_BINPUT
        this.memo.set(reader.uint(4), this.top())
        break
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top())
        break
      case 0x68: // BINGET
        this.push(this.recall(reader.uint(1)))
        break
      case 0x6a: // LONG_BINGET
        this.push(this.recall(reader.uint(4)))
        break

      // Objects
      case 0x63: // GLOBAL
        this.push(this.host.global(`${reader.line()}.${reader.line()}`))
        break
      case 0x93: // STACK_GLOBAL
        this.stackGlobal()
        break
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.reduce()
        break
      case 0x92: // NEWOBJ_EX: also has keyword arguments, which no allowed global needs
        this.pop()
        this.reduce()
        break
      case 0x62: // BUILD: attributes of the object below, which weights do not need
        this.pop()
        this.top()
        break
      case 0x51: // BINPERSID
        this.push(this.host.persistent(this.pop()))
        break
      default:
        throw reader.damaged(`has an unknown opcode 0x${opcode.toString(16).padStart(2, '0')}`, 1)
    }
    return true
  }

  private checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) throw this.reader.damaged(`states protocol ${protocol}, not 2 to 5`, 2)
  }

  private stackGlobal(): void {
    const [module, name] = this.popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.reader.damaged('has a global whose name is not text')
    this.push(this.host.global(`${module}.${name}`))
  }

  private reduce(): void {
    const [callee, args] = this.popMany(2)
    if (!(callee instanceof Global) || !Array.isArray(args))
      throw this.reader.damaged('calls something that is not a global')
    this.push(this.host.reduce(callee, args))
  }

  private append(items: readonly Pickled[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw this.reader.damaged('appends to something that is not a list')
    for (const item of items) list.push(item)
  }

  private setItems(items: readonly Pickled[]): void {
    const map = this.top()
    if (!(map instanceof Map) || items.length % 2 !== 0)
      throw this.reader.damaged('sets items that are not pairs, or not of a dict')
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1])
  }

  private push(value: Pickled): void {
    this.stack.push(value)
  }

  /** Values below the last mark cannot be reached, as in Python's machine. */
  private checkDepth(count: number): void {
    if (this.stack.length - (this.marks.at(-1) ?? 0) < count) throw this.reader.damaged('takes from an empty stack')
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
    if (mark === undefined) throw this.reader.damaged('ends a list that it did not begin')
    return this.stack.splice(mark)
  }

  private recall(index: number): Pickled {
    const value = this.memo.get(index)
    if (value === undefined) throw this.reader.damaged(`recalls entry ${index}, which it did not store`)
    return value
  }
}
