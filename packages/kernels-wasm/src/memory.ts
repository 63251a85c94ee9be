import { MemoryError } from './errors.ts'

/** Rust's allocator, as the builds export it. */
export interface SmallPieces {
  allocate(bytes: number): number
  release(address: number, bytes: number): void
}

/** Bytes in a page of WebAssembly memory. */
const PAGE = 2 ** 16
/** The last page stays unused, so that the end of every piece is an address too. */
const MOST_BYTES = (2 ** 16 - 1) * PAGE
/** Pieces of at least this many bytes get their own pages. */
const LARGE = 2 ** 26

/**
 * The memory of an instance. Small pieces come from Rust's allocator, which cannot allocate pieces of 2 GB and cannot
 * always reuse freed large pieces for the next request. So large pieces are whole pages that this class manages.
 */
export class Heap {
  private readonly pages: Pages
  /** The number of callers that have reserved Rust's allocator. */
  private reservations = 0

  constructor(
    memory: WebAssembly.Memory,
    private readonly small: SmallPieces,
  ) {
    this.pages = new Pages(memory)
  }

  /**
   * Allocates this many bytes with undefined content, aligned to 64, and returns their address.
   * @throws MemoryError if WebAssembly's memory is exhausted.
   */
  allocate(bytes: number): number {
    const isSmall = bytes < LARGE && this.reservations === 0
    const address = (isSmall && this.small.allocate(bytes)) || this.pages.allocate(bytes)
    if (!address) throw exhausted(bytes)
    return address
  }

  /**
   * Leaves Rust's allocator to others until `work` is done, with this many bytes free, so that their allocations do not
   * make the memory grow.
   * @throws MemoryError if WebAssembly's memory is exhausted.
   */
  async reserve<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    // The allocator keeps freed memory.
    const address = this.small.allocate(bytes)
    if (!address) throw exhausted(bytes)
    this.small.release(address, bytes)
    this.reservations++
    try {
      return await work()
    } finally {
      this.reservations--
    }
  }

  /** Frees what {@link allocate} returned for the same number of bytes. */
  release(address: number, bytes: number): void {
    if (!this.pages.release(address)) this.small.release(address, bytes)
  }
}

function exhausted(bytes: number): MemoryError {
  const megabytes = Math.ceil(bytes / 2 ** 20)
  return new MemoryError(
    `memory: ${megabytes} MB more do not fit into WebAssembly's memory (4 GB); use a smaller batch or input, or dispose of models`,
  )
}

/** Bytes from `start` to before `end`. */
interface Piece {
  readonly start: number
  readonly end: number
}

/** Pieces of whole pages; free ones are joined with their neighbours. */
class Pages {
  /** By address. */
  private free: Piece[] = []
  /** By their start. */
  private readonly used = new Map<number, Piece>()

  constructor(private readonly memory: WebAssembly.Memory) {}

  /** The address of a piece, or 0 if the memory is exhausted. */
  allocate(bytes: number): number {
    const wanted = Math.ceil(bytes / PAGE) * PAGE
    const start = this.take(wanted)
    if (start) return start
    // A free piece at the end needs only the missing pages, unless a thread has just taken the pages after it.
    const last = this.free.at(-1)
    const lacking = last?.end === this.memory.buffer.byteLength ? wanted - (last.end - last.start) : wanted
    return (this.grow(lacking) && this.take(wanted)) || (this.grow(wanted) && this.take(wanted)) || 0
  }

  /** Frees the piece at this address; false if none was in use there. */
  release(address: number): boolean {
    const piece = this.used.get(address)
    if (!piece) return false
    this.used.delete(address)
    this.add(piece)
    return true
  }

  /** Takes the smallest piece that is large enough. */
  private take(bytes: number): number | undefined {
    const fitting = this.free.filter(({ start, end }) => end - start >= bytes)
    if (fitting.length === 0) return undefined
    const { start, end } = fitting.reduce((best, piece) =>
      piece.end - piece.start < best.end - best.start ? piece : best,
    )
    this.free = this.free.filter(piece => piece.start !== start)
    this.used.set(start, { start, end: start + bytes })
    if (start + bytes < end) this.add({ start: start + bytes, end })
    return start
  }

  private grow(bytes: number): boolean {
    if (this.memory.buffer.byteLength + bytes > MOST_BYTES) return false
    try {
      const start = this.memory.grow(bytes / PAGE) * PAGE
      this.add({ start, end: start + bytes })
      return true
    } catch {
      return false
    }
  }

  private add(piece: Piece): void {
    const before = this.free.find(({ end }) => end === piece.start)
    const after = this.free.find(({ start }) => start === piece.end)
    const joined = { start: before?.start ?? piece.start, end: after?.end ?? piece.end }
    const others = this.free.filter(other => other !== before && other !== after)
    this.free = [...others, joined].sort((a, b) => a.start - b.start)
  }
}
