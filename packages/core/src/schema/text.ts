import { Option } from './option.ts'

/** Tells a text that is refused from what goes wrong otherwise. */
class Refused extends Error {}

/**
 * The value that a text on the command line gives an option.
 * @throws what `fail` makes of what was wanted, as in 'a number from 0 to 1'; of a list, what its entry has to be.
 */
export function readText<Out>(option: Option<Out, unknown>, text: string, fail: (wanted: string) => Error): Out {
  try {
    return option.read(valueIn(text, option), { source: '', path: '', error: Refused })
  } catch (error) {
    throw error instanceof Refused ? fail(error.message.split(', wanted ').at(-1)!) : error
  }
}

/** What a text stands for; itself where it stands for nothing, which the check refuses. */
function valueIn(text: string, { facts }: Option<unknown, unknown>): unknown {
  const { text: how } = facts
  if (how instanceof Option) return text.split(',').map(entry => valueIn(entry, how))
  if (typeof how === 'function') return how(text)
  if (how === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  const isNumber = how === 'whole' ? /^-?\d+$/.test(text) : how === 'number' && text.trim() !== ''
  // Infinite numbers have no text, whatever the range.
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text
}
