import { Option } from './option.ts'

/** Distinguishes a refused text from any other error. */
class Refused extends Error {}

/**
 * Parses a command-line text as the value of an option.
 * @throws the error that `fail` makes from a description of the valid values, such as 'a number from 0 to 1'; for a
 *   list, a description of its entries.
 */
export function readText<Out>(option: Option<Out, unknown>, text: string, fail: (wanted: string) => Error): Out {
  try {
    return option.read(valueIn(text, option), { source: '', path: '', error: Refused })
  } catch (error) {
    throw error instanceof Refused ? fail(error.message.split(', wanted ').at(-1)!) : error
  }
}

/** The value that a text denotes, or the text itself if it denotes none; the check then refuses it. */
function valueIn(text: string, { facts }: Option<unknown, unknown>): unknown {
  const { text: how } = facts
  if (how instanceof Option) return text.split(',').map(entry => valueIn(entry, how))
  if (typeof how === 'function') return how(text)
  if (how === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  const isNumber = how === 'whole' ? /^-?\d+$/.test(text) : how === 'number' && text.trim() !== ''
  // No text denotes an infinite number, whatever the range.
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text
}
