import { FormatError, quote } from '../errors.ts'

/** A tensor's entry as the header spells it, with numbers as unchecked text. */
export interface HeaderEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly string[]
  readonly offsets: readonly string[]
}

/** Far above any tensor's rank. A list of a million zeros would take far more memory than its bytes in the file. */
const MAX_LIST = 64
/**
 * Far above the number of tensors in any network. An entry takes about 50 bytes of header but ten times that in memory.
 */
const MAX_KEYS = 100_000

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Reads the JSON header of a safetensors file. It scans this one schema instead of calling `JSON.parse`, which silently
 * keeps the last of two equal keys and builds any structure that a hostile header nests.
 * @throws FormatError when the text does not follow the schema.
 */
export function scanHeader(text: string): { entries: HeaderEntry[]; metadata: Record<string, string> } {
  return new Scanner(text).header()
}

class Scanner {
  private at = 0

  constructor(private readonly text: string) {}

  header(): { entries: HeaderEntry[]; metadata: Record<string, string> } {
    const entries: HeaderEntry[] = []
    // Without a prototype, so that a key such as "__proto__" or "toString" is a key like any other.
    const metadata: Record<string, string> = Object.create(null)
    this.object(name => {
      if (name === '__metadata__') {
        this.object(key => {
          metadata[key] = this.string()
        })
      } else {
        entries.push(this.entry(name))
      }
    })
    this.space()
    if (this.at !== this.text.length) this.fail('the end')
    return { entries, metadata }
  }

  private entry(name: string): HeaderEntry {
    const fields: { dtype?: string; shape?: string[]; data_offsets?: string[] } = {}
    this.object(field => {
      if (field === 'dtype') fields.dtype = this.string()
      else if (field === 'shape' || field === 'data_offsets') fields[field] = this.numbers(name, field)
      else throw new FormatError(`tensor ${quote(name)}: unknown field ${quote(field)}`)
    })
    const { dtype, shape, data_offsets: offsets } = fields
    if (dtype !== undefined && shape && offsets) return { name, dtype, shape, offsets }
    const missing = dtype === undefined ? 'dtype' : shape ? 'data_offsets' : 'shape'
    throw new FormatError(`tensor ${quote(name)}: no field ${quote(missing)}`)
  }

  private object(member: (key: string) => void): void {
    const keys = new Set<string>()
    this.expect('{')
    if (this.accept('}')) return
    do {
      const key = this.string()
      if (keys.has(key)) throw new FormatError(`safetensors header: duplicate key ${quote(key)}`)
      if (keys.size === MAX_KEYS) throw new FormatError(`safetensors header: more than ${MAX_KEYS} keys in an object`)
      keys.add(key)
      this.expect(':')
      member(key)
    } while (this.accept(','))
    this.expect('}')
  }

  private numbers(name: string, field: string): string[] {
    const list: string[] = []
    this.expect('[')
    if (this.accept(']')) return list
    do {
      this.space()
      NUMBER.lastIndex = this.at
      const token = NUMBER.exec(this.text)?.[0]
      if (!token) this.fail('a number')
      if (list.length === MAX_LIST) {
        throw new FormatError(`tensor ${quote(name)}: more than ${MAX_LIST} numbers in ${quote(field)}`)
      }
      list.push(token)
      this.at += token.length
    } while (this.accept(','))
    this.expect(']')
    return list
  }

  private string(): string {
    this.space()
    const start = this.at
    if (this.text[start] !== '"') this.fail('a string')
    let end = start + 1
    for (; this.text[end] !== '"'; end++) {
      if (end >= this.text.length) this.fail('the end of this string')
      if (this.text[end] === '\\') end++
    }
    try {
      const value: string = JSON.parse(this.text.slice(start, end + 1))
      if (!LONE_SURROGATE.test(value)) {
        this.at = end + 1
        return value
      }
    } catch {
      // A control character or an escape that JSON does not have.
    }
    return this.fail('a valid string')
  }

  private accept(character: string): boolean {
    this.space()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  private expect(character: string): void {
    if (!this.accept(character)) this.fail(`'${character}'`)
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text[this.at] ?? 'x')) this.at++
  }

  private fail(wanted: string): never {
    throw new FormatError(`safetensors header is not valid: expected ${wanted} at character ${this.at}`)
  }
}
