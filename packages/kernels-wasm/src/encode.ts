import { INSTRUCTIONS, type Instruction } from './instructions.generated.ts'

/** Beyond all addresses: stands for the first byte of memory that is given a place when the program is loaded. */
export const SCRATCH = 2 ** 32

/**
 * Instructions as the words that the interpreter reads, and where among them each begins; last, how many there are.
 * @param scratch the address that {@link SCRATCH} stands for
 */
export function encode(instructions: readonly Instruction[], scratch = 0): { words: Uint32Array; offsets: number[] } {
  const words: number[] = []
  const offsets: number[] = []
  const names = Object.keys(INSTRUCTIONS)
  const bits = new DataView(new ArrayBuffer(4))
  const placed = (value: number) => (value < SCRATCH ? value : scratch + value - SCRATCH)
  for (const instruction of instructions) {
    offsets.push(words.length)
    words.push(names.indexOf(instruction.op))
    const values = instruction as unknown as Record<string, number | string | readonly number[]>
    for (const [field, encoding] of Object.entries(INSTRUCTIONS[instruction.op])) {
      const value = values[field]
      if (Array.isArray(encoding)) words.push(encoding.indexOf(value))
      else if (typeof encoding === 'number') words.push(...(value as number[]).map(placed))
      else if (encoding === 'u32') words.push(placed(value as number))
      else {
        bits.setFloat32(0, value as number)
        words.push(bits.getUint32(0))
      }
    }
  }
  offsets.push(words.length)
  return { words: Uint32Array.from(words), offsets }
}
