import { list, value, whole } from '@residual/core/schema'
import type { Wiring } from '@residual/lab'
import type { Architecture } from '@residual/resnet'
import { CommandError } from '../errors.ts'
import { option, type Values } from '../option.ts'

const FAMILIES: readonly unknown[] = ['plain', 'residual', 'preactivation'] satisfies readonly Wiring[]
const LISTED = FAMILIES.join(', ')
const family = value<Wiring>(`some of ${LISTED}`, given => FAMILIES.includes(given))

/** Which networks are compared. */
export const networksOptions = {
  depths: option('list', list(whole(1, 2000)).default([20, 56]).help('depths of the networks: layers with weights')),
  families: option('list', list(family).default(['plain', 'residual']).help(`kinds of networks: ${LISTED}`)),
}

/** The architectures of all families and depths; a depth that no network has is wrong usage. */
export async function findNetworks(
  { depths, families }: Values<typeof networksOptions>,
  norm?: Architecture['norm'],
): Promise<string[]> {
  const [{ memberOf }, { ArchitectureError }] = await Promise.all([import('@residual/lab'), import('@residual/core')])
  try {
    return families.flatMap(family => depths.map(depth => memberOf(family, depth, norm).name))
  } catch (error) {
    throw error instanceof ArchitectureError ? new CommandError(`--depths: ${error.message}`, 2) : error
  }
}
