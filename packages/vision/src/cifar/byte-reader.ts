import { VisionError } from '../errors.ts'

/** Reads a requested number of bytes from a stream, whatever the chunks in which they arrive. */
export class ByteReader {
  /** Bytes read or skipped so far. */
  position = 0
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #name: string
  readonly #limit: number
  #chunk: Uint8Array = new Uint8Array(0)

  /** Messages call the stream `name`. More than `limit` bytes are an error, so that no stream continues for ever. */
  constructor(stream: ReadableStream<Uint8Array>, name: string, limit = Number.POSITIVE_INFINITY) {
    this.#reader = stream.getReader()
    this.#name = name
    this.#limit = limit
  }

  /**
   * Reads the next `length` bytes, which are valid until the next call.
   * @throws VisionError if there are fewer.
   */
  async read(length: number): Promise<Uint8Array> {
    const bytes = await this.readUpTo(length)
    if (bytes.length < length) throw this.#cutShort()
    return bytes
  }

  /** Reads the next `length` bytes, or as many as remain. */
  async readUpTo(length: number): Promise<Uint8Array> {
    await this.#fill()
    if (this.#chunk.length >= length) return this.#take(length)
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length && (await this.#fill())) {
      const part = this.#take(length - filled)
      bytes.set(part, filled)
      filled += part.length
    }
    return bytes.subarray(0, filled)
  }

  /** Skips `length` bytes. @throws VisionError if there are fewer. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) throw this.#cutShort()
      left -= this.#take(left).length
    }
  }

  /** Returns `first` and the remaining bytes as a stream. */
  rest(first: Uint8Array): ReadableStream<Uint8Array> {
    const started = [first, this.#chunk].filter(chunk => chunk.length > 0)
    return new ReadableStream({
      pull: async controller => {
        const chunk = started.shift() ?? (await this.#reader.read()).value
        if (chunk) controller.enqueue(chunk)
        else controller.close()
      },
      cancel: () => this.close(),
    })
  }

  /** Releases the stream, whether it was read to the end or not. */
  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }

  #take(length: number): Uint8Array {
    const taken = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(taken.length)
    this.position += taken.length
    return taken
  }

  /** Makes sure that there are bytes to read; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#reader.read().catch(error => {
        if (error instanceof VisionError) throw error
        throw new VisionError(`${this.#name}: damaged or cut short; get it again`, { cause: error })
      })
      if (done) return false
      this.#chunk = value
      if (this.position + value.length > this.#limit) {
        throw new VisionError(`${this.#name}: holds more than ${this.#limit} bytes, so it is not a CIFAR archive`)
      }
    }
    return true
  }

  #cutShort(): VisionError {
    return new VisionError(`${this.#name}: cut short after ${this.position} bytes; get it again`)
  }
}
