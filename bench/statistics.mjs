export function median(list) {
  const sorted = list.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Three significant digits. */
export const three = value => Number(value.toPrecision(3))
