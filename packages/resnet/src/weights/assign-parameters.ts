import { ParameterError, quote, type StoredTensors, toFloat32 } from '@residual/core'

/** How many keys of each kind an error names. */
const NAMED = 3

/**
 * Gives a network's parameters their values.
 *
 * @param expected The shape of every parameter of the network, by name.
 * @param tensors What the weights file holds, under the same names.
 * @returns The values in the order of `expected`; views of the file where it holds aligned 32-bit floats.
 * @throws ParameterError where a key is missing, unexpected or of another shape: all of them in one message.
 */
export function assignParameters(
  expected: ReadonlyMap<string, readonly number[]>,
  tensors: StoredTensors,
): Map<string, Float32Array> {
  return new Map(Array.from(matchParameters(expected, tensors), ([name, tensor]) => [name, toFloat32(tensor)]))
}

/** The tensors in the order of `expected`, as {@link assignParameters} wants them. */
export function matchParameters<T extends { readonly shape: readonly number[] }>(
  expected: ReadonlyMap<string, readonly number[]>,
  tensors: ReadonlyMap<string, T>,
): Map<string, T> {
  const mismatch = mismatchOf(expected, tensors)
  if (mismatch !== '') throw new ParameterError(`the weights do not fit the network: ${mismatch}`)
  return new Map(Array.from(expected.keys(), key => [key, tensors.get(key)!]))
}

/** The keys that are missing, unexpected or of another shape, for an error; empty where all fits. */
export function mismatchOf(
  expected: ReadonlyMap<string, readonly number[]>,
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): string {
  const missing = [...expected.keys()].filter(key => !tensors.has(key)).map(quote)
  const unexpected = [...tensors.keys()].filter(key => !expected.has(key)).map(quote)
  const misshaped: string[] = []
  for (const [key, shape] of expected) {
    const found = tensors.get(key)?.shape
    if (found && `${found}` !== `${shape}`) misshaped.push(`${quote(key)} is [${found}], not [${shape}]`)
  }
  const problems = [
    problem(missing, 'missing'),
    problem(unexpected, 'unexpected'),
    problem(misshaped, 'of another shape'),
  ]
  return problems.filter(text => text !== '').join('; ')
}

function problem(keys: readonly string[], kind: string): string {
  if (keys.length === 0) return ''
  const rest = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : ''
  return `${keys.length} ${kind} (${keys.slice(0, NAMED).join(', ')}${rest})`
}
