import { FormatError } from '@residual/core'
import { BLOCKS, type Block, branchOf } from './blocks.ts'
import { shown } from './json.ts'
import type { Architecture, Stem } from './row.ts'

/** Where a value stands: its file, and the path of keys to it. */
interface Place {
  readonly file: string
  readonly path: string
}

type Check<T> = (value: unknown, place: Place) => T

/** A check for each field, none left out. */
type Fields<T> = { readonly [Key in keyof T]-?: Check<T[Key]> }

function refuse({ file, path }: Place, value: unknown, wanted: string): never {
  throw new FormatError(`${file}: got ${path} ${value === undefined ? 'nothing' : shown(value)}, wanted ${wanted}`)
}

function check<T>(is: (value: unknown) => boolean, wanted: string): Check<T> {
  return (value, place) => (is(value) ? (value as T) : refuse(place, value, wanted))
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

const whole = (least: number, most: number): Check<number> =>
  check(value => isWhole(value, least, most), `a whole number from ${least} to ${most}`)

const oneOf = <T extends string>(...options: readonly T[]): Check<T> =>
  check(value => options.some(option => option === value), options.map(option => JSON.stringify(option)).join(' or '))

/** One number for each stage. */
const ofStages = (most: number): Check<readonly number[]> =>
  check(
    value => Array.isArray(value) && isWhole(value.length, 1, 9) && value.every(entry => isWhole(entry, 1, most)),
    `a list of 1 to 9 whole numbers from 1 to ${most}`,
  )

/** An object of these fields and no others: one that is not known would change the network. */
const record =
  <T extends object>(fields: Fields<T>): Check<T> =>
  (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(place, value, 'an object')
    const unknown = Object.keys(value).find(key => !Object.hasOwn(fields, key))
    if (unknown !== undefined) {
      const known = Object.keys(fields).join(', ')
      const key = JSON.stringify(`${place.path}.${unknown}`.slice(0, 60))
      throw new FormatError(`${place.file}: got the unknown key ${key}, wanted some of ${known}`)
    }
    const entries = (Object.keys(fields) as (keyof T & string)[]).map(key => [
      key,
      fields[key](Object.hasOwn(value, key) ? (value as T)[key] : undefined, {
        ...place,
        path: `${place.path}.${key}`,
      }),
    ])
    return Object.fromEntries(entries) as T
  }

/** Far more than any network has, and few enough that a damaged file does not ask for gigabytes. */
const MOST = { blocks: 1000, channels: 65_536, side: 4096, classes: 2 ** 31 - 1 }

const row = record<Architecture>({
  name: check(value => typeof value === 'string' && value.length <= 200, 'a string of at most 200 characters'),
  family: oneOf('cifar', 'imagenet'),
  stem: record<Stem>({
    kernel: check(value => isWhole(value, 1, 63) && (value as number) % 2 === 1, 'an odd number from 1 to 63'),
    stride: whole(1, 63),
    width: whole(1, MOST.channels),
    pool: oneOf('max', 'none'),
  }),
  block: oneOf(...(Object.keys(BLOCKS) as Block[])),
  layers: ofStages(MOST.blocks),
  widths: ofStages(MOST.channels),
  groups: whole(1, MOST.channels),
  widthPerGroup: whole(1, MOST.channels),
  shortcut: oneOf('A', 'B', 'C', 'none'),
  strideIn: oneOf('3x3', '1x1'),
  preActivation: check(value => typeof value === 'boolean', 'true or false'),
  norm: oneOf('batch', 'none'),
  linear: whole(0, 9999),
  inputSize: whole(1, MOST.side),
  classes: whole(0, MOST.classes),
})

/** What blocks have that honour no such field. */
const USUAL = { groups: 1, widthPerGroup: 64, strideIn: '3x3' } as const

/**
 * Reads the row of an architecture out of a file.
 * @param file what errors call it.
 * @param path of the keys to the row.
 * @throws FormatError that names the field for a value that is not what it should be, for a missing field and for an
 *   unknown one.
 */
export function readArchitecture(value: unknown, file: string, path: string): Architecture {
  const arch = row(value, { file, path })
  const place = (key: keyof Architecture) => ({ file, path: `${path}.${key}` })
  const { layers, widths, block, stem, shortcut } = arch
  const blocks = layers.reduce((a, b) => a + b)
  if (blocks > MOST.blocks) refuse(place('layers'), layers, `at most ${MOST.blocks} blocks`)
  if (widths.length !== layers.length) refuse(place('widths'), widths, `${layers.length} numbers, as layers has`)
  const given = [stem.width, ...widths.map(width => width * BLOCKS[block].expansion)]
  if (shortcut === 'A' && given.some((channels, i) => channels < given[i - 1])) {
    refuse(place('widths'), widths, 'widths that do not fall, as shortcut A only adds channels')
  }
  for (const key of ['groups', 'widthPerGroup', 'strideIn'] as const) {
    if (BLOCKS[block].honours.includes(key) || arch[key] === USUAL[key]) continue
    refuse(place(key), arch[key], `${JSON.stringify(USUAL[key])} in ${block} blocks`)
  }
  layers.forEach((_, stage) => {
    if (branchOf(arch, stage, 1).some(({ filters }) => filters < 1)) {
      refuse(place('widthPerGroup'), arch.widthPerGroup, `enough for a channel with a width of ${widths[stage]}`)
    }
  })
  return arch
}
