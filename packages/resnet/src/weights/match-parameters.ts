import { ParameterError, quote, type Weight } from '@residual/core'

/** How many keys of each kind an error names. */
const NAMED = 3

/**
 * The weights of a network's parameters.
 *
 * @param expected The shape of every parameter of the network, by name.
 * @param weights What the weights file holds, under the same names.
 * @returns The weights in the order of `expected`.
 * @throws ParameterError if a key is missing, unexpected or of another shape: all of them in one message.
 */
export function matchParameters(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, Weight>,
): Map<string, Weight> {
  const mismatch = mismatchOf(expected, weights)
  if (mismatch !== '') throw new ParameterError(`the weights do not fit the network: ${mismatch}`)
  return new Map(Array.from(expected.keys(), key => [key, weights.get(key)!]))
}

/** The keys that are missing, unexpected or of another shape, for an error; empty where all fits. */
export function mismatchOf(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): string {
  const missing = [...expected.keys()].filter(key => !weights.has(key)).map(quote)
  const unexpected = [...weights.keys()].filter(key => !expected.has(key)).map(quote)
  const misshaped: string[] = []
  for (const [key, shape] of expected) {
    const found = weights.get(key)?.shape
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
