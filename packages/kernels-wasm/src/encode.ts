import { INSTRUCTIONS, type Instruction } from './instructions.generated.ts'

/** Instructions as the words that the interpreter reads, and where among them each begins; last, how many there are. */
export function encode(instructions: readonly Instruction[]): { words: Uint32Array; offsets: number[] } {
  const words: number[] = []
  const offsets: number[] = []
  const names = Object.keys(INSTRUCTIONS)
  const bits = new DataView(new ArrayBuffer(4))
  for (const instruction of instructions) {
    offsets.push(words.length)
    words.push(names.indexOf(instruction.op))
    const values = instruction as unknown as Record<string, number | string | readonly number[]>
    for (const [field, encoding] of Object.entries(INSTRUCTIONS[instruction.op])) {
      const value = values[field]
      if (Array.isArray(encoding)) words.push(encoding.indexOf(value))
      else if (typeof encoding === 'number') words.push(...(value as number[]))
      else if (encoding === 'u32') words.push(value as number)
      else {
        bits.setFloat32(0, value as number)
        words.push(bits.getUint32(0))
      }
    }
  }
  offsets.push(words.length)
  return { words: Uint32Array.from(words), offsets }
}
