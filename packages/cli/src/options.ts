import type { Wiring } from '@residual/lab'
import type { Architecture, Model } from '@residual/resnet'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError, naming } from './errors.ts'

/** Reads a whole number of a range. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new InvalidArgumentError(`Wanted a whole number from ${least} to ${most}.`)
}

type Triple = readonly [number, number, number]

/** Reads `.485,.456,.406`: one number for red, green and blue. */
const triple = (isAllowed: (value: number) => boolean, wanted: string) => (text: string) => {
  const values = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (values.length === 3 && values.every(value => Number.isFinite(value) && isAllowed(value))) {
    return values as unknown as Triple
  }
  throw new InvalidArgumentError(`Wanted ${wanted}, as in .485,.456,.406.`)
}

/** What says how a network runs. */
export interface RunOptions {
  readonly threads: number
  readonly build?: 'simd128' | 'relaxed'
}

/** What says which network with which weights. */
export interface ModelOptions {
  readonly model?: string
  readonly arch?: string
}

/** What says how pixels become the network's input, where the model does not know it or knows it wrong. */
export interface NormalisationOptions {
  readonly mean?: Triple
  readonly std?: Triple
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--model <model>', `${MODEL} (default: the embedded cifar10-resnet20)`)
    .option('--arch <name>', 'architecture, where the weights do not tell it')
}

/** For commands to which the architecture is enough. */
export function addArchitectureOptions(command: Command): Command {
  return command
    .option('--arch <name>', "architecture; 'residual list' shows them")
    .option('--model <model>', `${MODEL}, in place of --arch or with it`)
}

const MODEL = 'embedded model, weights file (.safetensors, .pth, .th) or model directory'

export function addRunOptions(command: Command, threads = 1): Command {
  return command
    .option('--threads <n>', 'threads to run on', wholeNumber(1, 64), threads)
    .addOption(
      new Option('--build <build>', 'WebAssembly build (default: the fastest this Node has)').choices([
        'simd128',
        'relaxed',
      ]),
    )
}

/** The most pixels that an image may have. */
export interface ImageOptions {
  readonly maxPixels?: number
}

/** As the library has them, which is not loaded for help. */
const MAX_PIXELS = 178_956_970
const DEFAULT_MAX_PIXELS = '67,108,864'

/** For commands that read images from files. */
export function addImageOptions(command: Command): Command {
  return command.option(
    '--max-pixels <n>',
    `refuse images of more pixels, whose decoding takes up to 12 bytes for each, of AVIF 30 (default: ${DEFAULT_MAX_PIXELS})`,
    wholeNumber(1, MAX_PIXELS),
  )
}

export function addNormalisationOptions(command: Command): Command {
  return command
    .option(
      '--mean <r,g,b>',
      "mean of pixels / 255, in place of the model's",
      triple(() => true, 'three numbers'),
    )
    .option(
      '--std <r,g,b>',
      "standard deviation of pixels / 255, in place of the model's",
      triple(value => value > 0, 'three numbers above 0'),
    )
}

/** Loads the model that the options name, the embedded one where they name none. */
export async function openModel({
  model,
  arch,
  mean,
  std,
  threads,
  build,
}: ModelOptions & Partial<RunOptions> & NormalisationOptions): Promise<Model> {
  const { embeddedModels, loadModel } = await import('@residual/resnet')
  if (arch !== undefined) await findArchitecture(arch)
  const source = model ?? embeddedModels()[0]
  return naming(source, () => loadModel(source, { arch, mean, std, threads, build }))
}

/** The architecture of a name; one that does not exist is wrong usage. */
export async function findArchitecture(name: string): Promise<Architecture> {
  const { architecture } = await import('@residual/resnet')
  const { ArchitectureError } = await import('@residual/core')
  try {
    return architecture(name)
  } catch (error) {
    throw error instanceof ArchitectureError ? new CommandError(`--arch: ${error.message}`, 2) : error
  }
}

/** Where weights are not needed, an architecture is enough; one of the two must be given. */
export function requireModelOrArchitecture(command: Command, { model, arch }: ModelOptions): void {
  if (model === undefined && arch === undefined) {
    command.error("missing --arch <name> or --model <model>; 'residual list' shows what there is")
  }
}

/** What says which networks are put side by side. */
export interface NetworksOptions {
  readonly depths: readonly number[]
  readonly families: readonly Wiring[]
}

const MOST_DEPTH = 2000
const FAMILIES: readonly Wiring[] = ['plain', 'residual', 'preactivation']

export function addNetworksOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--depths <list>', 'layers with weights')
        .argParser(wholeNumbers(1, MOST_DEPTH))
        .default([20, 56], '20,56'),
    )
    .addOption(
      new Option('--families <list>', FAMILIES.join(', '))
        .argParser(families)
        .default(['plain', 'residual'], 'plain,residual'),
    )
}

/** Reads `1,2,3`. */
export const wholeNumbers = (least: number, most: number) => (text: string) =>
  text.split(',').map(wholeNumber(least, most))

const families = (text: string): Wiring[] =>
  text.split(',').map(name => {
    const found = FAMILIES.find(family => family === name)
    if (found) return found
    throw new InvalidArgumentError(`Wanted some of ${FAMILIES.join(', ')}.`)
  })

/** The architectures of all families and depths; a depth that there is no network of is wrong usage. */
export async function findNetworks(
  { depths, families }: NetworksOptions,
  norm?: Architecture['norm'],
): Promise<string[]> {
  const [{ memberOf }, { ArchitectureError }] = await Promise.all([import('@residual/lab'), import('@residual/core')])
  try {
    return families.flatMap(family => depths.map(depth => memberOf(family, depth, norm).name))
  } catch (error) {
    throw error instanceof ArchitectureError ? new CommandError(`--depths: ${error.message}`, 2) : error
  }
}
