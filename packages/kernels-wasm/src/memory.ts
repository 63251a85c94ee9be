import { MemoryError } from './errors.ts'

/** Rust's allocator, as the builds export it. */
export interface SmallPieces {
  allocate(bytes: number): number
  release(address: number, bytes: number): void
}

/** Bytes of a page of WebAssembly. */
const PAGE = 2 ** 16
/** The last page stays unused, so that the end of every piece is an address too. */
const MOST_BYTES = (2 ** 16 - 1) * PAGE
/** Bytes from which on a piece is of pages of its own. */
const LARGE = 2 ** 26

/**
 * The memory of an instance. Small pieces are Rust's; its allocator has no piece of 2 GB, and large ones that it got back
 * do not always fit what is wanted next, so those are whole pages that are kept here.
 */
export class Heap {
  private readonly pages: Pages
  /** How many callers want Rust's allocator to themselves. */
  private reservations = 0

  constructor(
    memory: WebAssembly.Memory,
    private readonly small: SmallPieces,
  ) {
    this.pages = new Pages(memory)
  }

  /**
   * Address of so many bytes of any content, aligned to 64.
   * @throws MemoryError where WebAssembly's memory is exhausted.
   */
  allocate(bytes: number): number {
    const isSmall = bytes < LARGE && this.reservations === 0
    const address = (isSmall && this.small.allocate(bytes)) || this.pages.allocate(bytes)
    if (!address) throw exhausted(bytes)
    return address
  }

  /**
   * Leaves Rust's allocator, and so many bytes that it has free, to others until `work` is done: what they allocate does
   * not make the memory grow.
   * @throws MemoryError where WebAssembly's memory is exhausted.
   */
  async reserve<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    // It keeps what it gets back.
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

  /** Gives back what {@link allocate} returned for as many bytes. */
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

/** Pieces of whole pages, the free ones joined with their neighbours. */
class Pages {
  /** By address. */
  private free: Piece[] = []
  /** By their start. */
  private readonly used = new Map<number, Piece>()

  constructor(private readonly memory: WebAssembly.Memory) {}

  /** The address of a piece, or 0 where the memory is exhausted. */
  allocate(bytes: number): number {
    const wanted = Math.ceil(bytes / PAGE) * PAGE
    const start = this.take(wanted)
    if (start) return start
    // A free piece at the end needs only what it lacks, unless a thread has just taken the pages after it.
    const last = this.free.at(-1)
    const lacking = last?.end === this.memory.buffer.byteLength ? wanted - (last.end - last.start) : wanted
    return (this.grow(lacking) && this.take(wanted)) || (this.grow(wanted) && this.take(wanted)) || 0
  }

  /** Whether a piece of this address was in use; it is not any more. */
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
