// Computes one of our graphs with the operations of another library.
import { graphOf } from '../../packages/core/dist/index.js'

/**
 * @param output one of our tensors
 * @param leaves the library's values of its inputs and parameters, by name
 * @param rules for each operation, a function from the library's input values and our tensor to the library's value
 * @param keep called on a value that is used again later
 */
export function evaluate(output, leaves, rules, keep = value => value) {
  const { nodes } = graphOf([output])
  const values = new Map()
  const uses = new Map()
  for (const { inputs } of nodes) for (const x of inputs) uses.set(x, (uses.get(x) ?? 0) + 1)
  const take = x => {
    uses.set(x, uses.get(x) - 1)
    return uses.get(x) > 0 ? keep(values.get(x)) : values.get(x)
  }
  for (const node of nodes) {
    const isLeaf = node.op === 'input' || node.op === 'parameter'
    if (!isLeaf && !rules[node.op]) throw new Error(`there is no rule for ${node.op}`)
    values.set(node, isLeaf ? leaves[node.attributes.name] : rules[node.op](node.inputs.map(take), node))
  }
  return values.get(output)
}

/** Whether a network has grouped convolutions, which some libraries cannot compute. */
export const groupedConvolutions = ({ logits }) =>
  graphOf([logits]).nodes.some(node => node.op === 'conv2d' && node.attributes.groups > 1)
