import { VisionError } from './errors.ts'

/** The keys of an interface of options. The compiler refuses a list that lacks one or has another. */
export type Keys<T> = Readonly<Record<keyof T, true>>

/**
 * Refuses options that a function does not have, such as misspelt ones.
 * @throws VisionError with the unknown key and the known ones.
 */
export function checkKeys<T extends object>(source: string, given: T, keys: Keys<T>): void {
  const unknown = Object.keys(given).find(key => !Object.hasOwn(keys, key))
  if (unknown === undefined) return
  const known = Object.keys(keys).join(', ')
  throw new VisionError(
    `${source}: got the unknown key ${JSON.stringify(unknown.slice(0, 60))}, wanted some of ${known}`,
  )
}
