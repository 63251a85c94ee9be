import { FormatError, quote } from '@residual/core'
import type { Pickled } from './pickle.ts'
import { TorchTensor } from './torch-objects.ts'

type Dict = Map<Pickled, Pickled>

/** The keys under which training scripts keep weights, in the order tried: trained weights before moving averages. */
const nestings = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'state_dict_ema',
  'model_ema',
]

/**
 * Finds the tensors of a checkpoint, by name. They are at the top or nested under one of the usual keys. The nested
 * ones are tried first, because scores and counters at the top may be tensors too. Everything else is ignored.
 *
 * @throws FormatError if there are no tensors.
 */
export function findStateDict(checkpoint: Pickled): Map<string, TorchTensor> {
  if (!(checkpoint instanceof Map)) {
    throw new FormatError('the checkpoint is not a dict of tensors; save model.state_dict()')
  }
  for (const dict of dictsOf(checkpoint)) {
    const tensors = tensorsIn(dict)
    if (tensors.size > 0) return tensors
  }
  const keys = [...checkpoint.keys()].filter(key => typeof key === 'string')
  const listed = keys.slice(0, 5).map(quote).join(', ')
  throw new FormatError(
    `the checkpoint has no tensors, neither at the top nor under ${nestings.join(', ')}; ` +
      (keys.length > 5 ? `its keys are ${listed} and ${keys.length - 5} more` : `its keys are ${listed || 'none'}`),
  )
}

/**
 * The checkpoint and all dicts nested in it, inner ones first. A pickle may nest a dict in itself, or ten thousand in
 * each other, so no dict is visited twice and nothing recurses.
 */
function dictsOf(checkpoint: Dict): Dict[] {
  const found = new Set<Dict>()
  const open = [checkpoint]
  for (let dict = open.pop(); dict; dict = open.pop()) {
    if (found.has(dict)) continue
    found.add(dict)
    for (const name of nestings) {
      const nested = dict.get(name)
      if (nested instanceof Map) open.push(nested)
    }
  }
  // The stack returned the last key first.
  return [...found].reverse()
}

function tensorsIn(dict: Dict): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  for (const [name, value] of dict) {
    if (typeof name === 'string' && value instanceof TorchTensor) tensors.set(name, value)
  }
  return tensors
}
