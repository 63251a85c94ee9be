import { FormatError, quote } from '@residual/core'
import type { Pickled } from './pickle.ts'
import { TorchTensor } from './torch-objects.ts'

type Dict = Map<Pickled, Pickled>

/** Where training scripts keep the weights, in the order tried: those as trained before their moving averages. */
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
 * The tensors of a checkpoint by name. They are the checkpoint itself, or nested in it under one of the usual names,
 * which are looked at first, because scores and counters beside the weights may be tensors too. What is not a tensor is
 * ignored.
 *
 * @throws FormatError if there is none.
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
 * The checkpoint and all dicts nested in it, each after those within it. A pickle may nest a dict in itself, or ten
 * thousand in each other: no dict is looked at twice, and nothing recurses.
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
  // The last name came off the stack first.
  return [...found].reverse()
}

function tensorsIn(dict: Dict): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  for (const [name, value] of dict) {
    if (typeof name === 'string' && value instanceof TorchTensor) tensors.set(name, value)
  }
  return tensors
}
