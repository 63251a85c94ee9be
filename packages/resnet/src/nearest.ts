/** No name that anybody means is longer; what is compared is cut off here. */
const MAX_LENGTH = 40

/** The three names that are most like one that does not exist, the nearest first. */
export function nearest(name: string, names: readonly string[]): string[] {
  const meant = name.slice(0, MAX_LENGTH).toLowerCase()
  return names
    .map(candidate => ({ candidate, distance: distanceTo(candidate.toLowerCase(), meant) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** How far a name is from one that exists; a beginning or an end of it was probably meant to be all of it. */
function distanceTo(candidate: string, name: string): number {
  const isPart = candidate.startsWith(name) || candidate.endsWith(name)
  return isPart ? 0 : editDistance(name, candidate)
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one name into the other. */
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
