import type { Weight } from '@residual/core'
import { type Below, oneOf } from './bytes.ts'

/** Changes tensors so that the file is valid but not a network: renames, reshapes, removes or empties one. */
export function mutateTensors(tensors: Map<string, Weight<Uint8Array>>, below: Below): Map<string, Weight<Uint8Array>> {
  if (tensors.has('fc.bias') && below(3) === 0) return withClasses(tensors, oneOf([0, 1, 2, 4], below))
  const entries = [...tensors]
  const at = below(entries.length)
  const [name, tensor] = entries[at]
  const empty = oneOf([[0], [0, 64], [64, 0], [2 ** 25, 0], [2 ** 40, 0], [0, 2 ** 52], [3, 0, 3, 3]], below)
  const changes: [string, typeof tensor][][] = [
    [],
    [[oneOf(['', '__proto__', `${name}.x`, `module.${name}`, 'layer1.7.conv1.weight', 'fc.weight'], below), tensor]],
    [[name, { ...tensor, shape: [...tensor.shape].reverse() }]],
    [[name, { ...tensor, shape: [1, ...tensor.shape] }]],
    [[name, { ...tensor, shape: [tensor.shape.reduce((a, b) => a * b, 1)] }]],
    [[name, { ...tensor, shape: empty, bytes: new Uint8Array(0) }]],
    [[name, { ...tensor, bytes: tensor.bytes.slice().fill(below(256)) }]],
  ]
  return new Map(entries.toSpliced(at, 1, ...oneOf(changes, below)))
}

/** Changes the number of classes of the classifier, keeping the first of its classes. */
function withClasses(tensors: Map<string, Weight<Uint8Array>>, classes: number): Map<string, Weight<Uint8Array>> {
  const changed = new Map(tensors)
  for (const name of ['fc.weight', 'fc.bias']) {
    const { dtype, shape, bytes } = tensors.get(name)!
    const row = bytes.length / shape[0]
    const rows = new Uint8Array(row * classes)
    rows.set(bytes.subarray(0, rows.length))
    changed.set(name, { dtype, shape: [classes, ...shape.slice(1)], bytes: rows })
  }
  return changed
}
