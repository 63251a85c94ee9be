import { KernelError } from './errors.ts'
import { INSTRUCTIONS, type Instruction } from './instructions.generated.ts'

/** A placeholder above all addresses for the first byte of the memory that a program gets when it is loaded. */
export const SCRATCH = 2 ** 32

/** The range of each kind of whole number: from the first number to before the second. */
const RANGES = {
  address: [0, 2 ** 32],
  size: [0, 2 ** 32],
  offset: [-(2 ** 31), 2 ** 31],
} as const

type Word = keyof typeof RANGES | 'float'

const bits = new DataView(new ArrayBuffer(4))

/**
 * Encodes instructions as the words that the interpreter reads.
 * @param scratch the address that replaces {@link SCRATCH}
 * @returns the words, and where each instruction begins in them; the last of `offsets` is the number of words
 * @throws KernelError if a size or an address does not fit into its word.
 */
export function encode(instructions: readonly Instruction[], scratch = 0): { words: Uint32Array; offsets: number[] } {
  const words: number[] = []
  const offsets: number[] = []
  const names = Object.keys(INSTRUCTIONS)
  for (const instruction of instructions) {
    offsets.push(words.length)
    words.push(names.indexOf(instruction.op))
    const values = instruction as unknown as Record<string, number | string | readonly number[]>
    for (const [field, encoding] of Object.entries(INSTRUCTIONS[instruction.op])) {
      const value = values[field]
      const word = (type: Word, number: number) => encodeWord(type, number, scratch, `${instruction.op}: ${field}`)
      if (Array.isArray(encoding)) words.push(encoding.indexOf(value))
      else if (typeof encoding === 'object') words.push(...(value as number[]).map(each => word(encoding.each, each)))
      else words.push(word(encoding, value as number))
    }
  }
  offsets.push(words.length)
  return { words: Uint32Array.from(words), offsets }
}

function encodeWord(type: Word, value: number, scratch: number, what: string): number {
  if (type === 'float') {
    bits.setFloat32(0, value)
    return bits.getUint32(0)
  }
  const placed = type === 'address' && value >= SCRATCH ? scratch + value - SCRATCH : value
  const [least, end] = RANGES[type]
  if (!Number.isInteger(placed) || placed < least || placed >= end) {
    throw new KernelError(
      `${what} is ${placed}, wanted a whole number from ${least} to ${end - 1}, as the kernels have 32 bits for it`,
    )
  }
  return placed
}
