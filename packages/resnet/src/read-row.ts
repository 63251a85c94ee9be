import { FormatError } from '@residual/core'
import { boolean, type Declared, oneOf, options, type Place, refuse, value, whole } from '@residual/core/schema'
import { ACTIVATIONS } from './activations.ts'
import { ATTENTIONS } from './attention.ts'
import { BLOCKS, branchOf } from './blocks.ts'
import { POOLINGS } from './pooling.ts'
import type { Architecture, Stem } from './row.ts'

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

/** One number for each stage. */
const ofStages = (most: number) =>
  value<readonly number[]>(
    `a list of 1 to 9 whole numbers from 1 to ${most}`,
    given => Array.isArray(given) && isWhole(given.length, 1, 9) && given.every(entry => isWhole(entry, 1, most)),
  )

/** Far more than any network has, and few enough that a damaged file does not ask for gigabytes. */
const MOST = { blocks: 1000, channels: 65_536, side: 4096, classes: 2 ** 31 - 1 }

/** One of the names of a table. */
const nameIn = <Name extends string>(table: Readonly<Record<Name, unknown>>) => oneOf(...(Object.keys(table) as Name[]))

export const activation = nameIn(ACTIVATIONS)

const row = options({
  name: value<string>('a string of at most 200 characters', given => typeof given === 'string' && given.length <= 200),
  family: oneOf('cifar', 'imagenet'),
  stem: options({
    kernel: value<number>('an odd number from 1 to 63', given => isWhole(given, 1, 63) && Number(given) % 2 === 1),
    stride: whole(1, 63),
    width: whole(1, MOST.channels),
    pool: oneOf('max', 'none'),
  } satisfies Declared<Stem>),
  block: nameIn(BLOCKS),
  layers: ofStages(MOST.blocks),
  widths: ofStages(MOST.channels),
  groups: whole(1, MOST.channels),
  widthPerGroup: whole(1, MOST.channels),
  shortcut: oneOf('A', 'B', 'C', 'none'),
  strideIn: oneOf('3x3', '1x1'),
  preActivation: boolean,
  norm: oneOf('batch', 'none'),
  // Files of earlier versions lack these.
  activation: activation.default('relu'),
  attention: nameIn(ATTENTIONS).default('none'),
  pooling: nameIn(POOLINGS).default('average'),
  linear: whole(0, 9999),
  inputSize: whole(1, MOST.side),
  classes: whole(0, MOST.classes),
} satisfies Declared<Architecture>)

/** The values of these fields in architectures whose blocks do not use them. */
const USUAL = { groups: 1, widthPerGroup: 64, strideIn: '3x3' } as const

/**
 * Reads the row of an architecture from a file.
 * @param file the name of the file in errors.
 * @param path the path of keys to the row.
 * @throws FormatError if a field is missing, unknown or has a wrong value; the message names the field.
 */
export function readArchitecture(given: unknown, file: string, path: string): Architecture {
  const where = { source: file, path, error: FormatError }
  const arch = row.read(given, where)
  const place = (key: keyof Architecture): Place => ({ ...where, path: `${path}.${key}` })
  const { layers, widths, block, stem, shortcut } = arch
  const blocks = layers.reduce((a, b) => a + b)
  if (blocks > MOST.blocks) refuse(place('layers'), layers, `at most ${MOST.blocks} blocks`)
  if (widths.length !== layers.length) refuse(place('widths'), widths, `${layers.length} numbers, as layers has`)
  const channels = [stem.width, ...widths.map(width => width * BLOCKS[block].expansion)]
  if (shortcut === 'A' && channels.some((count, i) => count < channels[i - 1])) {
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
