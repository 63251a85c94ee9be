/** Longer names are cut to this length before they are compared; no real name is longer. */
const MAX_LENGTH = 40

/** Returns the three names that are most similar to an unknown one, the nearest first. */
export function nearest(name: string, names: readonly string[]): string[] {
  const meant = name.slice(0, MAX_LENGTH).toLowerCase()
  return names
    .map(candidate => ({ candidate, distance: distanceTo(candidate.toLowerCase(), meant) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/**
 * The distance of a name from a known one. It is 0 for a beginning or an end, which was probably meant as the whole.
 */
function distanceTo(candidate: string, name: string): number {
  const isPart = candidate.startsWith(name) || candidate.endsWith(name)
  return isPart ? 0 : editDistance(name, candidate)
}

/** The Levenshtein distance: the insertions, deletions and replacements that turn one name into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}
