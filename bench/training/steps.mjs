/**
 * Sums over the steps of a program for which `keyOf` returns the same fields, the longest first: rows of these fields,
 * `steps` (their number), `milliseconds`, `macs` and `bytes`. Such rows can be grouped again.
 */
export function grouped(rows, keyOf) {
  const groups = new Map()
  for (const row of rows) {
    const fields = keyOf(row)
    const key = JSON.stringify(fields)
    const group = groups.get(key) ?? { ...fields, steps: 0, milliseconds: 0, macs: 0, bytes: 0 }
    group.steps += row.steps ?? 1
    for (const field of ['milliseconds', 'macs', 'bytes']) group[field] += row[field]
    groups.set(key, group)
  }
  return [...groups.values()].sort((a, b) => b.milliseconds - a.milliseconds)
}
