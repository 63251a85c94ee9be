import { type Instruction, type KernelOptions, loadKernels } from '../src/index.ts'

/** Writes values, or a number of zeros, to memory and returns the address. */
export type Place = (values: ArrayLike<number> | number) => number

/**
 * Runs the instructions that `build` makes and returns the `output` values that they write. Guard values around the
 * output detect writes outside it.
 */
export async function runInstructions(
  options: KernelOptions,
  output: number,
  build: (place: Place, output: number) => Instruction[],
): Promise<Float32Array> {
  const kernels = await loadKernels(options)
  const placed: [address: number, bytes: number][] = []
  const place: Place = values => {
    const count = typeof values === 'number' ? values : values.length
    const address = kernels.allocate(count * 4)
    placed.push([address, count * 4])
    if (typeof values === 'number') kernels.floats(address, count).fill(0)
    else kernels.floats(address, count).set(values)
    return address
  }
  try {
    const guarded = place(new Float32Array(output + 32).fill(Number.NaN))
    await kernels.executeOnce(build(place, guarded + 64))
    const around = kernels.floats(guarded, output + 32)
    if ([...around.slice(0, 16), ...around.slice(output + 16)].some(value => !Number.isNaN(value))) {
      throw new Error('an instruction wrote outside its output')
    }
    return around.slice(16, output + 16)
  } finally {
    for (const [address, bytes] of placed) kernels.release(address, bytes)
  }
}

/** Throws if a value differs from the wanted one by more than `tolerance` times one plus its magnitude. */
export function expectClose(got: Float32Array, want: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= tolerance * (1 + Math.abs(want[i])))) {
      throw new Error(`at ${i}: got ${got[i]}, wanted ${want[i]}`)
    }
  }
}
