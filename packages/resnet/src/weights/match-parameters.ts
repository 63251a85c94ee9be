import { ParameterError, quote, type Weight } from '@residual/core'

/** How many keys of each kind an error lists. */
const NAMED = 3

/**
 * Matches the weights of a file with the parameters of a network.
 *
 * @param expected the shape of every parameter of the network, by name.
 * @param weights the content of the weights file, under the same names.
 * @returns the weights in the order of `expected`.
 * @throws ParameterError if keys are missing, unexpected or of another shape; one message lists them.
 */
export function matchParameters(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, Weight>,
): Map<string, Weight> {
  const mismatch = mismatchOf(expected, weights)
  if (mismatch !== '') throw new ParameterError(`the weights do not fit the network: ${mismatch}`)
  return new Map(Array.from(expected.keys(), key => [key, weights.get(key)!]))
}

/** Lists the keys that are missing, unexpected or of another shape, for an error; empty if everything fits. */
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
