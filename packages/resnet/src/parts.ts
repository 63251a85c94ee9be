import { type Architecture, linearPerStage } from './row.ts'

// The parts of a network have torchvision's names, which count stages from 1. Everywhere else, stages count from 0.

/** Path of a stage, such as `layer1`. */
export const stageName = (stage: number): string => `layer${stage + 1}`

/** Paths of the blocks of each stage, such as `layer1.0`. */
export function blockNames({ layers }: Architecture): string[][] {
  return layers.map((count, stage) => Array.from({ length: count }, (_, i) => `${stageName(stage)}.${i}`))
}

/** Paths of the linear layers of each stage, such as `layer1.linear.0`. */
export function linearNames(arch: Architecture): string[][] {
  return linearPerStage(arch).map((count, stage) =>
    Array.from({ length: count }, (_, i) => `${stageName(stage)}.linear.${i}`),
  )
}

/** The place of a parameter in its network. */
interface Place {
  readonly stage: number
  /** Path of its block; undefined in a linear layer. */
  readonly block: string | undefined
}

/** The place of the parameter with a given name; undefined in the stem and after the last stage. */
export function placeOf(parameter: string): Place | undefined {
  const match = /^(layer([1-9]\d*))\.(?:(\d+)|linear\.\d+)\./.exec(parameter)
  return match ? { stage: Number(match[2]) - 1, block: match[3] && `${match[1]}.${match[3]}` } : undefined
}
