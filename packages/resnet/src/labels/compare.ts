import { quote } from '@residual/core'
import { ModelError } from '../errors.ts'
import { imagenetClasses } from './imagenet.ts'

/** Whether two lists name the same classes in the same order; case, spaces, `_` and `-` make no difference. */
export function haveSameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && differences(a, b).length === 0
}

/**
 * Refuses images whose classes differ from a model's in number, names or order. Lists that only count, such as `class
 * 0`, `LABEL_0` or `0` and so on, state no names, so they match any list. Directories with ImageNet's WordNet ids match
 * ImageNet's labels.
 * @throws ModelError if the classes differ.
 */
export function requireSameClasses(
  { name, labels }: { readonly name: string; readonly labels: readonly string[] },
  { classes }: { readonly classes: readonly string[] },
  ignoreNames: boolean,
): void {
  if (labels.length !== classes.length) {
    throw new ModelError(`${name} has ${labels.length} classes, the images have ${classes.length}`)
  }
  if (ignoreNames || isUnstated(labels, classes) || isUnstated(classes, labels)) return
  const different = differences(labels, classes)
  if (different.length === 0 || (areImagenetIds(classes) && areImagenetNames(labels))) return
  const shown = different
    .slice(0, SHOWN)
    .map(i => `class ${i} is ${quote(labels[i])} in the model and ${quote(classes[i])} in the images`)
  const more = different.length > SHOWN ? [`${different.length - SHOWN} more differ`] : []
  const isOrder = haveSameNames(sorted(labels), sorted(classes))
  const what = isOrder ? 'has the classes of the images in another order' : 'has other classes than the images'
  const advice = 'give images of its classes, or compare their numbers alone by ignoreNames (--ignore-names)'
  throw new ModelError(`${name} ${what}: ${[...shown, ...more].join(', ')}; ${advice}`)
}

/** How many differing classes a message lists. */
const SHOWN = 3

/** The indices at which two lists of the same length have different names. */
function differences(a: readonly string[], b: readonly string[]): number[] {
  const [inA, inB] = [new Set(a), new Set(b)]
  return [...a.keys()].filter(i => {
    if (a[i] === b[i]) return false
    // If the exact name is elsewhere in the other list, it means that class: `a` and `A` may be two classes.
    return folded(a[i]) !== folded(b[i]) || inA.has(b[i]) || inB.has(a[i])
  })
}

const folded = (name: string): string =>
  name
    .normalize()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim()

const sorted = (names: readonly string[]): string[] => names.map(folded).sort()

/** Whether names only count the classes, and the others do not number them in another order. */
function isUnstated(names: readonly string[], others: readonly string[]): boolean {
  return isCount(numbersIn(names)) && (!numbersIn(others) || isCount(numbersIn(others)))
}

/** The numbers that names consist of, as in `class 3`, `LABEL_3` or `003`; undefined if one is something else. */
function numbersIn(names: readonly string[]): number[] | undefined {
  const numbers = names.map(name => /^(?:(?:class|label) ?)?(\d+)$/.exec(folded(name))?.[1])
  return numbers.includes(undefined) ? undefined : numbers.map(Number)
}

/** Whether numbers are in order, from 0 or 1. */
function isCount(numbers: readonly number[] | undefined): boolean {
  return numbers?.every((number, i) => number === numbers[0] + i && numbers[0] <= 1) ?? false
}

/** Whether classes are ImageNet's thousand WordNet ids, the names of its directories, in the order of its labels. */
function areImagenetIds(classes: readonly string[]): boolean {
  const areIds = classes.every((name, i) => /^n\d{8}$/.test(name) && (i === 0 || classes[i - 1] < name))
  return areIds && classes.length === 1000 && classes[0] === 'n01440764' && classes[999] === 'n15075141'
}

/** Fewer than all, because some lists spell a few of ImageNet's names differently. */
const LEAST_IMAGENET_NAMES = 950

/** Whether labels are ImageNet's, with or without synonyms as in `tench, Tinca tinca`. */
function areImagenetNames(labels: readonly string[]): boolean {
  const isNamed = (i: number) => labels[i].split(',').map(folded).includes(folded(imagenetClasses[i]))
  return imagenetClasses.filter((_, i) => isNamed(i)).length >= LEAST_IMAGENET_NAMES
}
